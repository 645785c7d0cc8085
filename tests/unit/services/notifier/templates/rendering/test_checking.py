"""A letter's template as a school may write it, and the fault it hears of when it may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.templates.rendering.faults import TemplateFaultError
from services.notifier.templates.rendering.letters import Letters
from services.notifier.templates.rendering.occasion import LetterTemplate
from services.notifier.templates.rendering.samples import every_case
from shared.attendance.tiers import THRESHOLDS, Threshold

LETTERS = Letters()


def fault(body: str, *, subject: str = "About {{ child }}", threshold: Threshold = 5) -> TemplateFaultError:
    with pytest.raises(TemplateFaultError) as caught:
        LETTERS.check(threshold, LetterTemplate("en", subject, body))
    return caught.value


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_the_houses_own_words_pass(threshold: Threshold) -> None:
    LETTERS.check(threshold, LETTERS.house(threshold))


@pytest.mark.parametrize(
    "body",
    [
        "Kia ora {{ greeting }}",
        "{{ child | upper }} {{ contact_email or 'the office' }}",
        "{{ 'mostly ill' if mostly_illness else 'away' }}",
        "{% if not absence_lines %}no{% elif mostly_illness and contact_email %}{{ contact_email }}{% else %}{{ absences }}{% endif %}",
        "Days: {{ absence_lines | join(', ') }}",
        "{# a note to ourselves #}x [write](mailto:a@example.test) [ring](tel:+6440000000) [read](https://example.test/a_b?c=d)",
        "{% if contact_email %}[{{ contact_email }}](mailto:{{ contact_email }}){% else %}-{% endif %}",
        "{% raw %}{{ not a variable }}{% endraw %}",
        "1 < 2 and 3 > 2, *so* it is",
    ],
)
def test_what_can_be_written(body: str) -> None:
    LETTERS.check(5, LetterTemplate("en", "x", body))


@pytest.mark.parametrize(
    ("body", "line", "column", "reason"),
    [
        ("Kia ora\n\n{{ greeting }}, {{ chlid }}", 3, 20, "there is no variable chlid"),
        ("{{ child", 1, None, "unexpected end of template"),
        ("a\n{% if child %}\nb", 3, None, "'endif'"),
        ("a\n\nbb {{ contact_email }} c", 3, 7, "contact_email can be empty"),
        ("{% if mostly_illness %}ill\n{{ absences }}{% else %}x{% endif %}", 2, 4, "absences can be empty"),
        ("x {% if contact_email %}\n{{ term_dates }}{% endif %}", 2, 4, "term_dates can be empty"),
        ("{{ mostly_illness }}", 1, None, "can be asked for"),
        ("{{ absence_lines }}", 1, None, "a list"),
        ("{{ 'a' if child }}", 1, None, "needs an else"),
        ("a <b>bold</b>", 1, 3, "HTML would be shown"),
        ("a\n<!-- x -->", 2, 1, "HTML would be shown"),
        ("a [x](http://example.test)", 1, 7, "a link leads to"),
        ("[x](javascript:alert)", 1, 5, "a link leads to"),
        ("[x](https://example.test/{{ child }})", 1, 5, "differs between families"),
        ("[x]({{ child }})", 1, 5, "a link leads to"),
        ("[x]({% if child %}https://a.test{% endif %})", 1, 5, "a link leads to"),
        ("{% if contact_email %}only then{% endif %}", 1, None, "says nothing to some"),
        ("a\x00b", 1, 2, "control character"),
        ("x" * 10_001, 1, None, "longer than 10000"),
        ("x{% for line in absence_lines %}" + "y" * 9_000 + "{% endfor %}", 1, None, "longer than 40000"),
    ],
)
def test_a_fault_has_its_place_and_its_reason(body: str, line: int, column: int | None, reason: str) -> None:
    found = fault(body)

    assert (found.part, found.line, found.column) == ("body", line, column)
    assert reason in found.reason
    assert len(found.near) <= 60


def test_what_is_near_helps_to_find_it() -> None:
    assert fault("one\n  two {{ chlid }} three").near == "two {{ chlid }} three"


def test_the_subject_is_looked_at_as_well() -> None:
    found = fault("fine", subject="{{ contact_email }}")

    assert (found.part, found.line, found.column) == ("subject", 1, 4)


ATTACKS = [
    "{{ child.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ child['__class__'] }}",
    "{{ child | attr('__class__') }}",
    "{{ absence_lines[0] }}",
    "{{ (1).bit_length }}",
    "{{ self.__init__.__globals__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler }}",
    "{{ namespace() }}",
    "{{ range(10) }}",
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{% for i in 'a' * 1000000000 %}x{% endfor %}",
    "{% for a in absence_lines %}{% for b in absence_lines %}x{% endfor %}{% endfor %}",
    "{% for a in absence_lines recursive %}{{ loop(absence_lines) }}{% endfor %}",
    "{% for a in absence_lines if a.x() %}x{% endfor %}",
    "{% for loop in absence_lines %}{{ loop }}{% endfor %}",
    "{% for a in absence_lines %}{{ loop.cycle }}{% endfor %}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ '%s' % child }}",
    "{{ '{0.__class__}'.format(child) }}",
    "{{ child | replace('', child) }}",
    "{{ child | safe }}",
    "{{ child | center(1000000000) }}",
    "{{ child | upper(*absence_lines) }}",
    "{{ absence_lines | join(child) }}",
    "{{ absence_lines | map('upper') | join }}",
    "{{ [1] * 1000000000 }}",
    "{{ child == 'x' }}",
    "{{ child is defined }}",
    "{% set x = child %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% call child() %}{% endcall %}",
    "{% include '../../settings.py' %}",
    "{% extends 'page.html' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape false %}{{ child }}{% endautoescape %}",
    "{% do x %}",
    "{% debug %}",
    "{{ caller }}",
    "{{ _('x') }}",
    "{{ none }}",
    "{{ 1 }}",
    "{{ " + "(" * 4_000 + "child" + ")" * 4_000 + " }}",
    "{{ " + "not " * 2_000 + "child }}",
    "{{ child" + " | upper" * 1_000 + " }}",
    "{{ " + " or ".join(["child"] * 900) + " }}",
    "{% if child %}" * 300 + "x" + "{% endif %}" * 300,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_nothing_but_printing_choosing_and_repeating(attack: str) -> None:
    assert fault(attack).part == "body"


PIECES = [
    "{{ child }}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{% if child %}",
    "{% endif %}",
    "{% for l in absence_lines %}",
    "{{ l }}",
    "{% endfor %}",
    "**",
    "[",
    "](",
    ")",
    "https://e.test",
    "- ",
    "# ",
    "\n",
    "\n\n",
    "|upper",
    "__class__",
    ".",
    "(",
    "'",
    "\\",
    "x",
    " ",
    "or",
    "{# ",
    " #}",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_whatever_is_sent_in_is_good_or_has_a_fault(body: str) -> None:
    template = LetterTemplate("en", "x", body)
    try:
        LETTERS.check(5, template)
    except TemplateFaultError as found:
        assert 1 <= found.line <= body.count("\n") + 2
    else:
        # What was found good can be written to every family.
        for occasion in every_case(5):
            LETTERS.try_out(5, occasion, template)
