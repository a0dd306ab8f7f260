"""Papers made as PDF: the couple's, the officer's, the law's."""
