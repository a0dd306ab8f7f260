"""Forms of `vitale`: the questions of the guide, the follow-up, the request for help."""
