"""What every dossier shares: refusals, exchanges, timeline, deletion."""
