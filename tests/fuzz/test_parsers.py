"""Each parser at its door: documents of the corpus, cut, joined and changed byte by byte."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.ground import EXAMPLES, Ground

CORPUS: Final = Path(__file__).with_name("corpus")


@dataclass(frozen=True, slots=True)
class Door:
    """Where documents of a kind come in; `seeds` is the beginning of their files' names."""

    service: str
    path: str
    media: str
    seeds: str
    basic: bool = False


DOORS: Final[Mapping[str, Door]] = {
    "marks as JSON": Door("ingest", "/v1/schools/0999/marks", "application/json", "marks"),
    "marks as NDJSON": Door("ingest", "/v1/schools/0999/marks", "application/x-ndjson", "lines"),
    "students": Door("ingest", "/v1/schools/0999/students", "application/json", "students"),
    "marks as CSV": Door("ingest", "/v1/schools/0999/imports?kind=marks", "text/csv", "csv"),
    "students as CSV": Door("ingest", "/v1/schools/0999/imports?kind=students", "text/csv", "roster"),
    "a roster as a zip": Door("ingest", "/v1/schools/0999/imports", "application/zip", "oneroster"),
    "KAMAR, JSON": Door("ingest", "/v1/kamar", "application/json", "kamar-json", basic=True),
    "KAMAR, XML": Door("ingest", "/v1/kamar", "application/xml", "kamar-xml", basic=True),
    "mail reports": Door("notifier", "/v1/bounces", "message/rfc822", "report"),
}

PIECES: Final = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"{", b"]", b'"', b",", b"\r\n", b"<![CDATA[", b"&#0;", b"1e400", b"-0", b"NaN"]
    ),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


def mutated(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """A seed with some of its bytes cut, doubled or replaced; or bytes of no kind at all."""

    @st.composite
    def change(draw: st.DrawFn) -> bytes:
        text = draw(st.sampled_from(seeds))
        for _ in range(draw(st.integers(1, 4))):
            begin = draw(st.integers(0, len(text)))
            end = draw(st.integers(begin, min(len(text), begin + 40)))
            middle = draw(st.one_of(PIECES, st.just(text[begin:end] * 2)))
            text = text[:begin] + middle + text[end:]
        return text

    return st.one_of(change(), st.binary(max_size=200))


def has_failed(answer: httpx.Response) -> bool:
    """Whether the product is at fault. No worker runs here that could say what a roster's dates would change: that is a 503."""
    return answer.status_code >= 500 and answer.status_code != 503


def tried(ask: Callable[[bytes], httpx.Response], documents: st.SearchStrategy[bytes], most: int) -> list[str]:
    """The answers that say that the product has failed, with the documents that led to them."""
    faults: list[str] = []

    @settings(max_examples=most, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(document=documents)
    def run(document: bytes) -> None:
        answer = ask(document)
        if has_failed(answer):
            faults.append(f"{answer.status_code}: {document!r}"[:400])

    run()
    return faults


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", DOORS)
def test_no_document_breaks_its_parser(ground: Ground, name: str) -> None:
    door = DOORS[name]
    seeds = [file.read_bytes() for file in sorted(CORPUS.glob(f"{door.seeds}.*"))]
    assert seeds, door.seeds
    headers = {"content-type": door.media} | (_kamar(ground) if door.basic else ground.headers)
    method = "PUT" if name == "students" else "POST"

    def ask(document: bytes) -> httpx.Response:
        return ground.http.request(method, f"{ground.urls[door.service]}{door.path}", content=document, headers=headers)

    assert [answer.text for answer in map(ask, seeds) if has_failed(answer)] == []
    assert tried(ask, mutated(seeds), EXAMPLES * 10) == []


def test_no_token_and_no_header_breaks_the_door(ground: Ground) -> None:
    token = ground.headers["Authorization"].removeprefix("Bearer ").encode()

    def ask(document: bytes) -> httpx.Response:
        # What the client itself refuses to send (a blank at the end) is no business of the door.
        value = b"Bearer x" + bytes(byte for byte in document if 32 < byte < 127)
        headers = [(b"authorization", value), (b"if-none-match", value[:50]), (b"content-encoding", value[7:20])]
        return ground.http.get(f"{ground.urls['thresholds']}/v1/schools/0999/students", headers=headers)

    assert tried(ask, mutated([token]), EXAMPLES * 20) == []


def _kamar(ground: Ground) -> dict[str, str]:
    made = ground.http.post(f"{ground.urls['ingest']}/v1/schools/0999/kamar-credentials", headers=ground.headers).json()
    return {"Authorization": "Basic " + base64.b64encode(f"{made['username']}:{made['password']}".encode()).decode()}
