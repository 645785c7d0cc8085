"""Transfers: a student's term on its way from one school to the next, as one signed document.

An export signs marks, counts, records and responses (JWS, Ed25519); an import keeps the document and publishes its days as marks. The
format `nz.star.transfer.v1` is ours: no public one exists. See decision 19.
"""
