"""The state of a service that keeps who holds which key."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.key_holders import repository
from shared.key_holders.naming import KeyNames
from shared.web.state import ServiceState


@dataclass(kw_only=True)
class KeyHoldersState(ServiceState):
    """The resources of a service whose schema has a table `key_holders`."""

    key_names: KeyNames = field(init=False)

    def __post_init__(self) -> None:
        self.key_names = KeyNames(self.engine)

    async def student_named(self, school: str, name: str) -> str:
        """The child who has the key now; `12345~1` is the first child who had `12345`."""
        async with self.engine.connect() as connection:
            (student,) = await repository.named(connection, school, [name])
            return student

    async def outward_names(self, school: str) -> Mapping[str, str]:
        """The names by which people know children whose key has been another's."""
        async with self.engine.connect() as connection:
            return await repository.outward(connection, school)

    async def names_of_children(self) -> Mapping[str, str]:
        """The same of all schools, by `student_id`, as they were within the last second."""
        return await self.key_names.names()
