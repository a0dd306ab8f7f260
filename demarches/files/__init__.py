"""What people send: checked in a confined child, sealed, stored; and what we fetch."""
