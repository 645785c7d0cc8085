"""The family that letters are written to here."""

from datetime import UTC, date, datetime

from services.notifier.templates.rendering.occasion import Occasion
from shared.events.data import AbsentDay, TermDates

OCCASION = Occasion(
    child="Tāne",
    names=["Mere Ngata", "Wiremu Parata"],
    absent_half_days=11,
    # In Auckland it is the next day already.
    counted_at=datetime(2026, 11, 19, 20, 30, tzinfo=UTC),
    term="2026-T4",
    dates=TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18)),
    school="Ōtaki Example College",
    contact_email="office@otaki.example.nz",
    timezone="Pacific/Auckland",
    absent_on=[
        AbsentDay(date(2026, 10, 12), 2),
        AbsentDay(date(2026, 10, 13), 2),
        AbsentDay(date(2026, 10, 14), 2),
        AbsentDay(date(2026, 10, 23), 1),
        AbsentDay(date(2026, 11, 5), 2),
        AbsentDay(date(2026, 11, 18), 2),
    ],
    illness_half_days=5,
)
