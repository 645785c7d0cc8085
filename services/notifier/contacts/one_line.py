"""Text from a school's system, on one line. Pure."""


def one_line(text: str) -> str:
    """The text without line breaks and other control characters: a school's system has no say in the form of a letter."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())
