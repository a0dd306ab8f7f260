"""What the public pages tell: the national guide, the mairie's own files."""
