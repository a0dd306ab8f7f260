"""What people type: how it is read, compared and refused."""
