"""The accepted uploads: one file each, and in memory an index, and what has been accepted of each school's items."""

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypedDict

from deploy.sandbox.durable import kept_files
from deploy.sandbox.ministry_document import Reject, Upload, item_rejects
from deploy.sandbox.ministry_wire import Wired
from deploy.sandbox.problems import ProblemError
from shared.files import write_whole


class Answer(TypedDict):
    receipt: str
    status: Literal["accepted", "partly-accepted"]
    rejects: list[Reject]


@dataclass(frozen=True, slots=True)
class _Kept:
    path: Path
    sha256: str
    school: str
    week: str
    answer: Answer


class MinistryStore:
    """Uploads by idempotency key, in order of acceptance. One process at a time may use the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = asyncio.Lock()
        self._loaded = False
        self._last_number = 0
        self._uploads: dict[str, _Kept] = {}
        self._records: defaultdict[str, set[str]] = defaultdict(set)
        self._accepted: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self._accepting: set[asyncio.Task[Answer]] = set()
        # By student, up to which upload their national number was taken out.
        self._without: dict[str, int] = {}

    async def load(self) -> None:
        """Reads the folder, the first time; a mounted app has no lifespan to do it in. Raises ValueError for a file not ours."""
        if self._loaded:
            return
        async with self._lock:
            if not self._loaded:
                for document, kept, key in await asyncio.to_thread(self._read_all):
                    self._remember(key, kept, document)
                self._loaded = True

    def answer_to(self, wired: Wired) -> Answer | None:
        """The answer given before to this key. Raises ProblemError 422 when the key came with other bytes then."""
        kept = self._uploads.get(wired.key)
        if kept is None:
            return None
        if kept.sha256 != wired.sha256:
            raise ProblemError(422, "key-reused", "This Idempotency-Key came with other content before")
        return kept.answer

    async def accept(self, wired: Wired, upload: Upload, unwanted: frozenset[str]) -> Answer:
        """Keeps the upload, on disk when this returns, or gives the answer given before.

        Raises ProblemError 422 for a key used with other bytes, OSError when the disk says no. A request that is cancelled
        leaves the upload either kept and remembered, or not there.
        """
        task = asyncio.create_task(self._accept(wired, upload, unwanted))
        self._accepting.add(task)
        task.add_done_callback(self._accepting.discard)
        return await asyncio.shield(task)

    async def items(self, *, school: str | None = None, week: str | None = None) -> list[dict[str, Any]]:
        """The kept documents, oldest first, each with `receipt`, `status`, `rejects`, `idempotency_key` and `received_at`."""
        paths = [
            kept.path
            for kept in self._uploads.values()
            if (school is None or kept.school == school) and (week is None or kept.week == week)
        ]
        return await asyncio.to_thread(lambda: [_item(json.loads(path.read_bytes())) for path in paths])

    async def erase_number(self, student_id: str) -> int:
        """Takes a student's national number out of what was accepted since the last time; answers how many uploads had it."""
        await self.load()
        async with self._lock:
            done = self._without.get(student_id, 0)
            paths = [kept.path for kept in self._uploads.values() if int(kept.path.stem) > done]
            changed = await asyncio.to_thread(lambda: [path for path in paths if _without_number(path, student_id)])
            self._without[student_id] = self._last_number
            for items in self._accepted.values():
                for item in items.values():
                    if item.get("student_id") == student_id:
                        item.pop("nsn", None)
            return len(changed)

    def accepted(self, school: str) -> list[dict[str, Any]]:
        """The items of a school as they stand by all that was accepted, each with its `kind` and last `change`, by id."""
        return [self._accepted[school][item] for item in sorted(self._accepted[school])]

    async def _accept(self, wired: Wired, upload: Upload, unwanted: frozenset[str]) -> Answer:
        async with self._lock:
            if earlier := self.answer_to(wired):
                return earlier
            rejects = item_rejects(upload, frozenset(self._accepted[upload.school]), frozenset(self._records[upload.school]), unwanted)
            mark = sha256(f"{wired.key}\n{wired.sha256}".encode()).hexdigest()[:12]
            answer: Answer = {
                "receipt": f"sandbox-{upload.school}-{upload.week}-{mark}",
                "status": "partly-accepted" if rejects else "accepted",
                "rejects": rejects,
            }
            path = self._folder / f"{self._last_number + 1:08d}.json"
            file = {
                "idempotency_key": wired.key,
                "sha256": wired.sha256,
                "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "answer": answer,
                "document": json.loads(wired.document),
            }
            await asyncio.to_thread(lambda: write_whole(path, json.dumps(file, ensure_ascii=False, indent=1).encode()))
            kept = _Kept(path, wired.sha256, upload.school, upload.week, answer)
            self._remember(wired.key, kept, file["document"])
            return answer

    def _remember(self, key: str, kept: _Kept, document: dict[str, Any]) -> None:
        self._last_number = max(self._last_number, int(kept.path.stem))
        self._uploads[key] = kept
        self._records[kept.school].update(record["id"] for record in document["records"])
        rejected = {reject["item"] for reject in kept.answer["rejects"]}
        for kind in ("record", "response"):
            for item in document[f"{kind}s"]:
                if item["id"] not in rejected:
                    self._accepted[kept.school][item["id"]] = {"kind": kind, **item}

    def _read_all(self) -> list[tuple[dict[str, Any], _Kept, str]]:
        found = []
        for path in kept_files(self._folder):
            file = json.loads(path.read_bytes())
            document = file["document"]
            kept = _Kept(path, file["sha256"], document["school"], document["week"], file["answer"])
            found.append((document, kept, file["idempotency_key"]))
        return found


def _item(file: dict[str, Any]) -> dict[str, Any]:
    return {**file["document"], **file["answer"], "idempotency_key": file["idempotency_key"], "received_at": file["received_at"]}


def _without_number(path: Path, student_id: str) -> bool:
    file = json.loads(path.read_bytes())
    numbered = [record for record in file["document"]["records"] if record["student_id"] == student_id and "nsn" in record]
    for record in numbered:
        del record["nsn"]
    if numbered:
        write_whole(path, json.dumps(file, ensure_ascii=False, indent=1).encode())
    return bool(numbered)
