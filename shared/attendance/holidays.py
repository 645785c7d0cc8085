"""Days on which no school in a region is open: public holidays, the regional anniversary, Easter Tuesday.

Public holidays come from the `holidays` library; Easter Tuesday is a school holiday by the Education and Training Act.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

from dateutil.easter import easter
from holidays.countries.new_zealand import NewZealand
from holidays.holiday_base import HolidayBase


def region_code(name: str) -> str:
    """The library's code of a region given as a code (`AUK`, `NZ-AUK`) or a name (`Auckland`), whatever its case and macrons.

    Raises ValueError, with the regions there are.
    """
    wanted = _plain(name.removeprefix("NZ-"))
    regions: dict[str, str] = {_plain(code): code for code in NewZealand.subdivisions}
    regions |= {_plain(alias): code for alias, code in NewZealand.subdivisions_aliases.items()}
    if wanted not in regions:
        raise ValueError(f"no such region; there are {', '.join(sorted(NewZealand.subdivisions))}")
    return regions[wanted]


@lru_cache(maxsize=1000)
def holidays_of(region: str | None, year: int) -> Mapping[date, str]:
    """The days of a year on which a region's schools are closed by law, and their names.

    Without a region, those of the whole country. Raises ValueError for an unknown region.
    """
    library: HolidayBase = NewZealand(subdiv=region_code(region) if region else None, years=year)  # type: ignore[no-untyped-call]
    days = dict(library)
    days[easter(year) + timedelta(days=2)] = "Easter Tuesday"
    return MappingProxyType(days)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if character.isalnum())
