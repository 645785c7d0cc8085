"""A school's weeks, its choices (close, adapter, national student numbers, pauses), and how uploads are going."""
