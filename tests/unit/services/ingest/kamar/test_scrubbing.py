"""The net that takes passwords out of a document before it is stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.kamar.scrubbing import Scrubber


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a":1,"password":"x\\"y","b":2}', '{"a":1,"password":null,"b":2}'),
        ('{"PasswordEncrypted" : "c2VjcmV0" }', '{"PasswordEncrypted" : null }'),
        ('{"password":12345}', '{"password":null}'),
        ('{"passwords":false}', '{"passwords":false}'),
        ('{"note":"the \\"password\\":\\"x\\" is"}', '{"note":"the \\"password\\":\\"x\\" is"}'),
        ("<s><password>x</password><b/></s>", "<s><password/><b/></s>"),
        ('<s password="x" b="y"/>', '<s password="" b="y"/>'),
    ],
)
@pytest.mark.parametrize("step", [1, 5, 1000])
def test_scrubbing(before: str, after: str, step: int) -> None:
    assert scrubbed(before.encode(), step) == after.encode()
    # Wherever it stands in a long document.
    padding = b" " * 1500
    assert scrubbed(padding + before.encode() + padding, 1 << 20) == padding + after.encode() + padding


def scrubbed(data: bytes, step: int) -> bytes:
    scrubber = Scrubber()
    return b"".join(scrubber.feed(data[start : start + step]) for start in range(0, len(data), step)) + scrubber.end()


@given(data=st.binary(max_size=5000), step=st.integers(1, 2000))
def test_scrubbing_leaves_everything_else_alone(data: bytes, step: int) -> None:
    if b"assword" not in data.lower():
        assert scrubbed(data, step) == data
