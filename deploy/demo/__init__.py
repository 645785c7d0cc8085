"""A made-up school's term, played through the REST API as a school's own system would: what `make run` shows."""
