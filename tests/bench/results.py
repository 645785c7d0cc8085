"""Figures as they come in: printed at once, kept for the file."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Results:
    """Named figures with their units, and ratios between them."""

    figures: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, value: float, unit: str) -> None:
        """Keeps and prints a figure."""
        self.figures[f"{name} [{unit}]"] = round(value, 3)
        print(f"  {name:<62} {value:>12,.1f} {unit}", flush=True)

    def ratio(self, name: str, part: float, limit: float) -> None:
        """Keeps and prints a share of a raw limit of the same run."""
        self.add(name, part / limit * 100, "%")

    def heading(self, text: str) -> None:
        """Prints a heading."""
        print(f"\n{text}", flush=True)

    def write(self, path: Path) -> None:
        """Writes all figures as JSON."""
        path.write_text(json.dumps(self.figures, indent=2) + "\n")
