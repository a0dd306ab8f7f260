"""Who signs in, and by what: codes, devices, passwords, second factor."""
