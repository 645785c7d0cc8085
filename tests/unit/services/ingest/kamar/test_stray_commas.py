"""Commas without a member are passed over; nothing else is changed, wherever the pieces are cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.kamar.stray_commas import StrayCommas


def without(text: str, cut: int) -> str:
    commas, data = StrayCommas(), text.encode()
    return b"".join(commas.feed(data[start : start + cut]) for start in range(0, len(data), cut)).decode()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1,,"b":2}', {"a": 1, "b": 2}),
        ('{"a":1 , , ,"b":2}', {"a": 1, "b": 2}),
        ('{,"a":[,1,,2,],}', {"a": [1, 2]}),
        ('{"a":"x,,y","b":"[,",,"c":"\\\\",,"d":"\\",,"}', {"a": "x,,y", "b": "[,", "c": "\\", "d": '",,'}),
        ('{"a":{},,"b":[]}', {"a": {}, "b": []}),
    ],
)
def test_stray_commas_are_passed_over(text: str, value: object) -> None:
    for cut in range(1, len(text) + 1):
        assert json.loads(without(text, cut)) == value, cut


values = st.recursive(
    st.none() | st.integers() | st.text('a,[]{}\\" é', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(',\\"a', max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), values, max_size=4), st.integers(min_value=1, max_value=40))
def test_a_sound_document_stays_as_it_is(value: dict[str, object], cut: int) -> None:
    text = json.dumps(value)
    assert without(text, cut) == text
