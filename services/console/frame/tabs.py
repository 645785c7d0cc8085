"""Tabs over a list or a page. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: its title, its number if that came, its address."""

    title: str
    number: int | None
    address: str
    current: bool
