"""`make reference`: writes the reference pages that come from the code itself, the settings and the events, into `docs/reference`."""
