"""The staff of a school, as the API answers them."""

from datetime import date

from pydantic import BaseModel, Field

from shared.auth.principal import Role


class StaffMemberOut(BaseModel):
    """A member of staff. Without `groups` they look after the whole school. Addresses stay with the school's settings."""

    account: str
    name: str
    role: Role
    groups: list[str] = Field(description="Year levels (`year:10`) and groups that they look after; none: the whole school")
    away: bool = Field(description="Whether they are away today")
    away_from: date | None
    away_until: date | None = Field(description="The last day of being away; null with `away_from`: for good")
    stand_in: str | None
