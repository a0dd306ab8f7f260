"""A question a page: the list of steps, their forms, what was typed and kept."""
