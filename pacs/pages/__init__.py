"""What one page shows, put together from reads, forms and papers."""
