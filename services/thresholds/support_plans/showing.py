"""Support plans as the API shows them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.attendance.of_student import term_of
from services.thresholds.casework.piece import Piece
from services.thresholds.casework.student import counted_as
from services.thresholds.support_plans.effect import CAUTION, effect, sentence
from services.thresholds.support_plans.schemas import EffectOut, StretchOut, SupportPlanOut
from services.thresholds.support_plans.support_plan import KeptPlan, open_actions
from shared.attendance.codes import CodeTable
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated


def plan_of(document: Mapping[str, Any]) -> KeptPlan:
    """The plan in a document."""
    return KeptPlan.model_validate(document)


def plan_out(piece: Piece, today: date, shown: EffectOut | None = None) -> SupportPlanOut:
    """A plan as the API shows it."""
    plan = plan_of(piece.document)
    overdue = [action for action in open_actions(plan) if action.by is not None and action.by < today]
    return SupportPlanOut(
        id=piece.id,
        school=piece.school,
        student=piece.student,
        student_id=piece.student_id,
        term=piece.term,
        **dict(plan),
        overdue_actions=len(overdue) if plan.status == "agreed" else 0,
        effect=shown,
        version=piece.version,
        made_by=piece.made_by,
        made_at=piece.made_at,
        updated_at=piece.updated_at,
    )


async def effect_of(connection: AsyncConnection, piece: Piece, school: SchoolUpdated, codes: CodeTable, now: datetime) -> EffectOut | None:
    """The absences beside a plan; None before it is agreed."""
    agreed_on = plan_of(piece.document).agreed_on
    term = None if agreed_on is None else calendar_of(school).current_or_last_term(agreed_on)
    if agreed_on is None or term is None:
        return None
    view = await term_of(connection, school, await counted_as(connection, piece.school, piece.student), term, codes, now)
    shown = effect(view.days, agreed_on)
    return EffectOut(
        term=term.name,
        before=StretchOut(**asdict(shown.before)),
        since=StretchOut(**asdict(shown.since)),
        sentence=sentence(shown),
        caution=CAUTION,
    )
