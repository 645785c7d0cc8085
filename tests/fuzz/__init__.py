"""Anything at all, at every operation and every parser of the product: no answer says that the product has failed."""
