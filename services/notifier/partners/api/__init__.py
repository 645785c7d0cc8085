"""The endpoints of partners, and of the schools that see which partners hear of them."""
