"""The children of a family, as the API answers them."""

from uuid import UUID

from pydantic import BaseModel, Field


class FamilyMemberOut(BaseModel):
    """Another student with a caregiver in common to whom letters about both go."""

    school: str
    student: str | None = Field(description="The student's key; null where no letter has been written about them")
    student_id: UUID
    name: str
    year_level: int | None
    groups: list[str]
    caregivers: list[str] = Field(description="Names of the caregivers that they have in common", examples=[["Mere Example"]])
