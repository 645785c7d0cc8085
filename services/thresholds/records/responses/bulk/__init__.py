"""Responses on many STAR records at once: what a list's tick boxes send. Each item is taken or refused by itself."""
