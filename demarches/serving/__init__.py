"""What stands between a request and a view: limits, kept pages, the content's revision."""
