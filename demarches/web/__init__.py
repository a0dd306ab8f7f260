"""What any request may use; it knows no row of ours."""
