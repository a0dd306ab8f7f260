"""A believable town, for trying the desk."""
