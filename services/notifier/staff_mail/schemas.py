"""E-mails to staff, as the API answers them."""

import uuid
from datetime import datetime

from pydantic import BaseModel

from services.notifier.staff_mail.repository.notices import NoticeKind, NoticeStatus


class NoticeOut(BaseModel):
    """An e-mail to staff. `recipient` null: the school's contact at the time when it goes."""

    id: uuid.UUID
    kind: NoticeKind
    status: NoticeStatus
    recipient: str | None
    letter_id: uuid.UUID | None
    reason: str | None
    created_at: datetime
    sent_at: datetime | None
