"""KAMAR's own endpoint, the credentials that it signs in with, and what became of its documents."""
