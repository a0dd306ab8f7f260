"""What pages, papers and mails show of a dossier, and who may see it; nothing here writes."""
