"""Mails and SMS: queued with the act, sent after, with their fate."""
