"""The refusal of a set-up that a person has to mend, where no bound of a single setting says it."""


class SetUpError(ValueError):
    """Something that a process needs is not set, or can't be used. The message says what, and names what mends it; never a value."""
