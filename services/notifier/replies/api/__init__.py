"""Endpoints: the page that families open, and what staff see and set."""
