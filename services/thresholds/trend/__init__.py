"""A school's terms one after the other, with the targets of its plan: what a board looks at from year to year."""
