"""Documents in both formats, whole and in pieces, sound and not."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.kamar.documents import Document
from services.ingest.kamar.reading import BrokenDocumentError, Element, Header

SAMPLE = b"""{"SMSDirectoryData":{"datetime":20260305153000,"sync":"attendance","sms":"KAMAR","version":2198,
  "schools":[{"index":1,"schoolindex":1,"moeCode":"0999","name":"Example High","type":40,"authoritative":true}],
  "attendance":{"count":1,"data":[{"id":12345,"nsn":"0123456789","values":[
     {"date":"20260305","codes":".PPP.RP.P","alt":".PPP.PP.P","hdu":0,"hdj":0,"hdp":2}]}]}}}"""
DAY = {"date": "20260305", "codes": ".PPP.RP.P", "alt": ".PPP.PP.P", "hdu": 0, "hdj": 0, "hdp": 2}

SAMPLE_XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<smsdirectorydata datetime="20260305153000" sync="attendance" sms="KAMAR" version="2198">
  <infourl>https://help.example.org/</infourl>
  <schools><school index="1"><moecode>0999</moecode><name>Example High</name></school></schools>
  <attendance count="1"><count>1</count><data><attendance><id>12345</id><nsn>0123456789</nsn><values>
    <value><date>20260305</date><codes>.PPP.RP.P</codes><alt>.PPP.PP.P</alt><hdu>0</hdu><hdj>0</hdj><hdp>2</hdp></value>
  </values></attendance></data></attendance></smsdirectorydata>"""


def read(data: bytes, step: int = 1 << 20) -> tuple[Header, list[Element]]:
    document, elements = Document(), list[Element]()
    for start in range(0, len(data), step):
        document.feed(data[start : start + step])
        elements += document.take()
    document.finish()
    return document.header, elements + document.take()


def json_of(**members: Any) -> bytes:
    return json.dumps({"SMSDirectoryData": {"sync": "part"} | members}).encode()


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_the_sample(step: int) -> None:
    header, elements = read(SAMPLE, step)
    assert (header.sync, header.datetime, header.version) == ("attendance", 20260305153000, "2198")
    assert header.school_numbers() == {1: "0999"}
    assert elements == [Element("attendance", {"id": 12345, "nsn": "0123456789", "values": [DAY]})]


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_the_sample_in_xml(step: int) -> None:
    header, elements = read(SAMPLE_XML, step)
    assert (header.sync, header.datetime, header.school_numbers()) == ("attendance", "20260305153000", {1: "0999"})
    day = {key: str(value) for key, value in DAY.items()}
    assert elements == [Element("attendance", {"id": "12345", "nsn": "0123456789", "values": {"value": day}})]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + SAMPLE,
        SAMPLE + b"\0\0\0",
        b" \r\n" + SAMPLE + b"\r\n",
        SAMPLE + b"}",
        SAMPLE.decode().encode("utf-16"),
        SAMPLE.decode().encode("utf-16-le"),
        SAMPLE.replace(b"KAMAR", b"KA\tM\nAR\x01"),
        json.dumps(json.loads(SAMPLE)["SMSDirectoryData"]).encode(),
        SAMPLE.replace(b"SMSDirectoryData", b"smsdirectorydata"),
        SAMPLE.replace(b'{"count":1,"data":[', b"[").replace(b"]}]}}}", b"]}]}}"),
        SAMPLE.replace(b'"count":1', b'"count":99,"more":{"data":[1,{"data":2}]}'),
    ],
)
def test_what_systems_do_to_it(data: bytes) -> None:
    header, elements = read(data)
    assert header.sync == "attendance"
    assert [element.fields and element.fields["id"] for element in elements] == [12345]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
@pytest.mark.parametrize("step", [1, 1 << 20])
def test_names_in_latin_1(encoding: str, step: int) -> None:
    body = '{"SMSDirectoryData":{"sync":"part","students":{"data":[{"id":1,"firstname":"Zoë Ngāti"}]}}}'.replace("ā", "ã")
    assert read(body.encode(encoding), step)[1][0].fields == {"id": 1, "firstname": "Zoë Ngãti"}
    student = "<student><id>1</id><firstname>Zoë</firstname></student>"
    xml = f'<?xml version="1.0" encoding="{encoding}"?><x sync="part"><students>{student}</students></x>'
    assert read(xml.encode(encoding), step)[1][0].fields == {"id": "1", "firstname": "Zoë"}


def test_one_bad_element_spoils_no_other() -> None:
    deep: Any = 1
    for _ in range(50):
        deep = [deep]
    data = [{"id": 1}, 7, "x", None, [1, {"id": 9}], {"id": 2, "groups": deep}, {"id": 3, "groups": ["x"] * 60_000}, {"id": 4}]
    _, elements = read(json_of(students={"data": data}))
    assert [(element.fields, element.problem) for element in elements] == [
        ({"id": 1}, None),
        (None, "not an object"),
        (None, "not an object"),
        (None, "not an object"),
        (None, "nested too deep"),
        (None, "too large"),
        ({"id": 4}, None),
    ]


def test_passwords_are_dropped_on_sight() -> None:
    element = {"id": 1, "password": "a", "PasswordEncrypted": "b", "more": [{"password": "c", "keep": 1}]}
    assert read(json_of(students={"data": [element]}))[1][0].fields == {"id": 1, "more": [{"keep": 1}]}
    xml = b'<x sync="part"><students><student password="q"><id>1</id><password>a</password></student></students></x>'
    assert read(xml)[1][0].fields == {"id": "1"}


def test_other_sections_are_counted_without_being_read() -> None:
    _, elements = read(json_of(staff={"data": [{"id": 1}, {"id": 2}]}, data=[{"a": [1]}], subjects=[1]))
    assert [(element.section, element.fields) for element in elements] == [("staff", None)] * 2 + [("data", None), ("subjects", None)]


def test_numbers_without_bounds() -> None:
    body = b'{"SMSDirectoryData":{"students":{"data":[{"id":1e999999,"a":123456789012345678901234567890,"b":1.0,"c":1.5,"d":true}]}}}'
    assert read(body)[1][0].fields == {"id": None, "a": None, "b": 1, "c": 1.5, "d": True}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"[]",
        b"7",
        b'"x"',
        b"hello",
        SAMPLE[:-3],
        SAMPLE_XML[:-3],
        SAMPLE.replace(b'"codes"', b"codes"),
        json.dumps({"a": 1}).encode()[:-1] + b', "b": ' + b"9" * 5000 + b"}",
        b"<a><b></a>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"<x>&unknown;</x>",
    ],
)
def test_what_is_broken(data: bytes) -> None:
    with pytest.raises(BrokenDocumentError):
        read(data)


def test_what_came_before_the_fault_counts() -> None:
    document = Document()
    document.feed(json_of(students={"data": [{"id": 1}, {"id": 2}]})[:-8])
    with pytest.raises(BrokenDocumentError):
        document.finish()
    assert [element.fields for element in document.take()] == [{"id": 1}]


def test_nesting_costs_no_memory() -> None:
    document = Document()
    with pytest.raises(BrokenDocumentError):
        document.feed(b'{"SMSDirectoryData":{"students":' + b"[" * 200_000 + b"x")


def test_a_text_without_end_does_not_gather() -> None:
    document = Document()
    document.feed(b'{"SMSDirectoryData":{"students":[{"id":"')
    with pytest.raises(BrokenDocumentError, match="too long"):
        for _ in range(100):
            document.feed(b"x" * 256 * 1024)


def test_the_head_tells_what_it_is() -> None:
    document = Document()
    document.feed(SAMPLE[:300])
    assert (document.header.sync, document.header.school_numbers()) == ("attendance", {1: "0999"})
    nonsense = Document()
    with pytest.raises(BrokenDocumentError):
        nonsense.feed(b"nonsense")
        nonsense.finish()
    assert nonsense.header.sync is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text() | st.sampled_from(["data", "id", "schools", "students"]), children),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(content=json_values, step=st.integers(1, 300))
def test_any_json_is_read_or_reported(content: Any, step: int) -> None:
    for body in (content, {"SMSDirectoryData": content}, {"SMSDirectoryData": {"attendance": content, "schools": content}}):
        with suppress(BrokenDocumentError):
            header, _ = read(json.dumps(body).encode(), step)
            header.school_numbers()


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_reported(data: bytes) -> None:
    for body in (data, b"{" + data, b"<x>" + data + b"</x>", SAMPLE[:150] + data):
        with suppress(BrokenDocumentError):
            read(body, 50)
