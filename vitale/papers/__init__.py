"""Papers made as PDF."""
