"""Every page that takes a file meets every bomb: answered in time, in words, and nothing kept."""
