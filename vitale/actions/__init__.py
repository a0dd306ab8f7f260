"""Verbs of the follow-ups; each owns its transaction and refuses with reasons in French."""
