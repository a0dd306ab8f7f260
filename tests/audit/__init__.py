"""`make audit`: one table of what was checked and found, and of what cannot be shown here."""
