"""Headers as others write them."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.headers import (
    accepts,
    basic_credentials,
    bearer_token,
    content_coding,
    content_length,
    disposition,
    has_any_tag,
    media_type,
    prefers,
    retry_after,
)

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("120", timedelta(minutes=2)),
        (" 7 ", timedelta(seconds=7)),
        ("0", SHORTEST),
        ("86400", LONGEST),
        ("9" * 400, LONGEST),
        ("0" * 400 + "60", timedelta(minutes=1)),
        ("0" * 400, SHORTEST),
        ("Friday, 20-Nov-26 02:10:00 GMT", timedelta(minutes=10)),
        ("20 Nov 26 02:10 GMT", timedelta(minutes=10)),
        ("Fri, 20 Nov 2026 02:10:00 GMT", timedelta(minutes=10)),
        ("Fri, 20 Nov 2026 15:10:00 +1300", timedelta(minutes=10)),
        ("Thu, 19 Nov 2026 02:00:00 GMT", SHORTEST),
        ("Fri, 20 Nov 9999 02:00:00 GMT", LONGEST),
        # Without a zone there is no telling.
        ("Fri, 20 Nov 2026 02:10:00 -0000", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("12٠", None),
        ("²", None),
        ("1e3", None),
        ("1_000", None),
        ("+5", None),
        ("120, 120", None),
        ("Fri, 99 Nov 2026 02:10:00 GMT", None),
        ("Fri, 20 Nov 2026 02:10:00 -9999", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_seconds_and_dates(header: str | None, pause: timedelta | None) -> None:
    assert retry_after(header, NOW, shortest=SHORTEST, longest=LONGEST) == pause


@pytest.mark.parametrize(
    ("header", "length"),
    [
        ("0", 0),
        (" 17 ", 17),
        ("007", 7),
        ("9" * 5_000, 10**18),
        ("0" * 5_000 + "1", 1),
        ("-1", None),
        ("1e3", None),
        ("\u00b2", None),
        ("", None),
    ],
)
def test_content_length(header: str, length: int | None) -> None:
    assert content_length(header) == length


def test_media_types() -> None:
    assert media_type(" Text/CSV ; charset=x") == "text/csv"
    assert media_type(None, "application/json") == "application/json"
    assert accepts("text/html, Text/Event-Stream;q=0.5", "text/event-stream")
    assert not accepts("*/*", "text/csv")
    assert prefers("text/csv;q=0.5, application/json", "text/csv")
    assert not prefers("application/json, text/csv", "text/csv")
    assert content_coding(" GZip") == "gzip"


def test_tags() -> None:
    assert has_any_tag('"a", W/"b"', {'"b"'})
    assert has_any_tag("*", {'"b"'})
    assert not has_any_tag('"a"', {'"b"'})


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        ("Basic YTpiOmM=", ("a", "b:c")),
        ("basic  YTpi", ("a", "b")),
        ("Basic YQ==", None),
        ("Basic !", None),
        ("Basic AGE6Yg==", None),
        ("Basic \u20ac", None),
        ("Bearer YTpi", None),
    ],
)
def test_basic_credentials(header: str, credentials: tuple[str, str] | None) -> None:
    assert basic_credentials(header) == credentials


MORSELS = st.sampled_from(
    [
        "Basic ",
        "Bearer ",
        "=",
        ",",
        ";",
        "W/",
        '"',
        "*",
        "q=",
        "charset=",
        "Fri, 20 Nov 2026 02:10:00 ",
        "GMT",
        "+",
        "-",
        "9" * 300,
        ":",
        "\0",
        " ",
    ]
)


@given(st.one_of(st.text(), st.lists(st.one_of(MORSELS, st.text(max_size=5))).map("".join)))
def test_no_reader_raises(header: str) -> None:
    media_type(header)
    content_length(header)
    content_coding(header)
    accepts(header, "text/csv")
    has_any_tag(header, {"x"})
    bearer_token(header)
    basic_credentials(header)
    retry_after(header, NOW, shortest=SHORTEST, longest=LONGEST)


def test_names_of_files() -> None:
    assert disposition("inline", "plan-0999.pdf") == 'inline; filename="plan-0999.pdf"'
    evil = 'a"; x="b\r\nX: y\u0101.pdf'
    written = disposition("attachment", evil)
    assert written == "attachment; filename=\"a-x-b-X-y-.pdf\"; filename*=UTF-8''a%22%3B%20x%3D%22b%0D%0AX%3A%20y%C4%81.pdf"


@given(st.text())
def test_any_name_of_a_file_stays_one(filename: str) -> None:
    written = disposition("attachment", filename)
    assert written.isascii()
    assert written.isprintable()
    (name,) = re.findall(r'^attachment; filename="([A-Za-z0-9_.-]+)"', written)
    (encoded,) = re.findall(r"; filename\*=UTF-8''([!-~]*)$", written) or [name]
    assert unquote(encoded) == filename.encode("utf-8", "replace").decode()
