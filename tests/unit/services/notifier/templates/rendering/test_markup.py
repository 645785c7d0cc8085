"""Marked text in both forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.contacts.one_line import one_line
from services.notifier.templates.rendering.markup import Markup, allowed_link, escaped
from tests.unit.services.notifier.templates.rendering.pages import Page

MARKUP = Markup()


def test_one_text_two_forms() -> None:
    marked = MARKUP.read(
        "Kia ora,\nall\n\n## What **next**\n\nWe *will* ring.\n\n- one\n- two\n  1. inner\n  2. other\n\n3. three\n4. four\n\n---\n\nEnd"
    )

    assert marked.text == (
        "Kia ora,\nall\n\n\nWhat next\n\nWe will ring.\n\n- one\n- two\n  1. inner\n  2. other\n\n3. three\n4. four\n\n--------\n\nEnd\n"
    )
    tags = Page(marked.html).tags
    assert tags == ["p", "br", "h2", "strong", "p", "em", "ul", "li", "li", "ol", "li", "li", "ol", "li", "li", "hr", "p"]


def test_items_with_air_between_them() -> None:
    assert MARKUP.read("- one\n\n- two\n\n  more of two").text == "- one\n\n- two\n\n  more of two\n"


def test_long_lines_hang_below_their_marker() -> None:
    lines = MARKUP.read("- " + "word " * 30).text.splitlines()

    assert [line[:3] for line in lines] == ["- w", "  w", "  w"]
    assert max(map(len, lines)) <= 72


@pytest.mark.parametrize(
    ("source", "text", "links"),
    [
        ("[write](mailto:a@example.test)", "write (a@example.test)", ["mailto:a@example.test"]),
        ("[a@example.test](mailto:a@example.test)", "a@example.test", ["mailto:a@example.test"]),
        ("[ring](tel:+6440000000)", "ring (+6440000000)", ["tel:+6440000000"]),
        ("[**read** this](https://example.test/ā)", "read this (https://example.test/ā)", ["https://example.test/%C4%81"]),
        ("[x](javascript:alert)", "[x](javascript:alert)", []),
        ("[x](//example.test)", "[x](//example.test)", []),
        ("[x](http://example.test)", "[x](http://example.test)", []),
        ("![x](https://example.test/pixel.gif)", "!x (https://example.test/pixel.gif)", ["https://example.test/pixel.gif"]),
        ("https://example.test", "https://example.test", []),
        ("<b>x</b> &amp; <https://example.test>", "<b>x</b> &amp; <https://example.test>", []),
    ],
)
def test_links(source: str, text: str, links: list[str]) -> None:
    marked = MARKUP.read(source)

    assert marked.text == text + "\n"
    assert list(marked.links) == links == Page(marked.html).links
    assert not {"img", "b"} & set(Page(marked.html).tags)


def test_where_a_letter_can_link_to() -> None:
    assert all(map(allowed_link, ["https://example.test", "mailto:a@example.test", "tel:+64"]))
    assert not any(
        map(
            allowed_link,
            ["http://example.test", "javascript:x", "data:text/html,x", "/path", "", "https:", "https:///x", "mailto:", "https://["],
        )
    )


@given(st.text(max_size=80).map(one_line))
def test_an_escaped_value_is_text_wherever_it_stands(value: str) -> None:
    for before, after in (("", ""), ("a ", " b"), ("- ", ""), ("# ", "")):
        marked = MARKUP.read(f"{before}{escaped(value)}{after}")
        page = Page(marked.html)

        assert not {"a", "strong", "em", "hr", "ol"} & set(page.tags)
        assert page.tags.count("ul") == before.startswith("-")
        assert value in page.run_on


@given(st.text(alphabet=st.sampled_from("*_[]()-#>\\!`~<&;: \n\taé1.)+="), max_size=300))
def test_no_text_makes_anything_but_a_letters_elements(source: str) -> None:
    page = Page(MARKUP.read(source).html)

    assert set(page.tags) <= {"p", "br", "h2", "ul", "ol", "li", "strong", "em", "a", "hr"}
    assert all(set(attributes) <= {"style", "href", "start"} for _, attributes in page.elements)
