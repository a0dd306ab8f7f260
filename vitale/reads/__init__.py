"""What pages, papers and mails show of a request or an aide-mémoire; nothing here writes."""
