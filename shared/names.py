"""People's names, as they are joined. Pure."""


def full_name(given_name: str, family_name: str) -> str:
    """Both names; a person of one name has no family name."""
    return f"{given_name} {family_name}".strip()
