"""Hostile inputs for every address and every form: what is sent, to whom, and what must hold."""
