"""The letters in words."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.contacts.one_line import one_line
from services.notifier.delivery.transports.email_message import as_email
from services.notifier.delivery.transports.interface import Parcel
from services.notifier.templates.rendering.letters import Letters
from services.notifier.templates.rendering.names import as_written, called
from services.notifier.templates.rendering.occasion import LetterTemplate, Occasion
from services.notifier.templates.rendering.samples import SampleCase, sample
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.events.data import AbsentDay
from tests.unit.services.notifier.templates.rendering.families import OCCASION
from tests.unit.services.notifier.templates.rendering.pages import Page

LETTERS = Letters()
ILL = replace(OCCASION, illness_half_days=6)
UNKNOWN = replace(OCCASION, absent_on=(), illness_half_days=0)

EACH_SAYS = [
    "Kia ora Mere Ngata and Wiremu Parata,",
    "Tāne has now been away from Ōtaki Example College for 5.5 days in Term 4 (12 October to 18 December 2026).",
    "illness count too",
    "office@otaki.example.nz",
    "20 November 2026",
    "Mon 12 to Wed 14 Oct (3 days)",
    "Fri 23 Oct (half a day)",
    "Thu 5 Nov (1 day)",
    "If you think this number is wrong, or one of the days, tell us.",
]


@pytest.mark.parametrize("occasion", [OCCASION, ILL])
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_each_letter_says_what_a_family_needs(threshold: Threshold, occasion: Occasion) -> None:
    written = LETTERS.write(threshold, occasion)
    text, html = " ".join(written.text.split()), Page(written.html).run_on

    for words in EACH_SAYS:
        assert words in text
        assert words in html
    assert written.subject.startswith("Attendance in Term 4")
    assert "not an accusation" not in text
    assert (written.language, written.version) == ("en", None)


@pytest.mark.parametrize(
    ("threshold", "words", "when_ill"),
    [
        (5, "Let us know the reason for any day away that you have not told us about yet.", "what would make it easier to come back"),
        (10, "Think about what would make coming to school easier", "what Tāne needs to keep learning while unwell"),
        (15, "Tell us what you have tried already", "what Tāne can manage at the moment"),
    ],
)
def test_how_a_family_can_help(threshold: Threshold, words: str, when_ill: str) -> None:
    letter, ill = (" ".join(LETTERS.write(threshold, occasion).text.split()) for occasion in (OCCASION, ILL))

    assert words in letter
    assert when_ill not in letter
    assert when_ill in ill
    assert words not in ill


@pytest.mark.parametrize("occasion", [OCCASION, ILL, UNKNOWN])
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_nothing_is_promised_that_a_schools_plan_may_not_have(threshold: Threshold, occasion: Occasion) -> None:
    text = " ".join(LETTERS.write(threshold, occasion).text.split()).partition("--------")[0]

    for promise in ("Attendance Service", "The school will", "We will also", "will get in touch", "will invite"):
        assert promise not in text


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_subjects_name_no_child_and_no_count_and_nothing_shouts(threshold: Threshold) -> None:
    written = LETTERS.write(threshold, OCCASION)

    assert "Tāne" not in written.subject
    assert "5.5" not in written.subject
    assert not [word for word in written.text.split() if len(word) > 3 and word.isupper()]


@pytest.mark.parametrize(
    ("name", "phone", "words"),
    [
        ("Hana Smith", "04 555 0100 ext 3", "Please ring Hana Smith on 04 555 0100 ext 3. You can also reply to this e-mail"),
        ("Hana Smith", None, "Please ask for Hana Smith when you ring the school office."),
        (None, "04 555 0100", "Please ring the school office on 04 555 0100."),
        (None, None, "You can also call in or ring the school office."),
    ],
)
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_a_person_and_a_number_as_far_as_they_are_known(threshold: Threshold, name: str | None, phone: str | None, words: str) -> None:
    text = " ".join(LETTERS.write(threshold, replace(OCCASION, contact_name=name, phone=phone)).text.split())

    assert words in text


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_illness_is_said_when_it_is_more_than_half_and_never_guessed(threshold: Threshold) -> None:
    said = "Our roll says that most of this was illness."

    assert said in " ".join(LETTERS.write(threshold, ILL).text.split())
    for occasion in (
        OCCASION,
        UNKNOWN,
        replace(OCCASION, absent_half_days=10, absent_on=[*OCCASION.absent_on[:3], *OCCASION.absent_on[4:]], illness_half_days=5),
    ):
        assert said not in " ".join(LETTERS.write(threshold, occasion).text.split())


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_without_days_none_are_named(threshold: Threshold) -> None:
    text = LETTERS.write(threshold, UNKNOWN).text

    assert "The days away" not in text
    assert "or one of the days" not in " ".join(text.split())
    assert "The days away" in LETTERS.write(threshold, OCCASION).text


def test_days_that_do_not_add_up_to_the_number_are_not_named() -> None:
    for days in (OCCASION.absent_on[1:], [*OCCASION.absent_on, AbsentDay(OCCASION.absent_on[-1].date, 1)]):
        assert "The days away" not in LETTERS.write(5, replace(OCCASION, absent_on=days)).text


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_the_html_is_accessible_and_has_no_pictures(threshold: Threshold) -> None:
    page = Page(LETTERS.write(threshold, OCCASION).html)

    assert ("html", {"lang": "en-NZ", "dir": "ltr"}) in page.elements
    assert page.tags.count("h1") == 1
    assert page.tags.count("h2") == 3
    assert page.tags.count("title") == 1
    assert not {"img", "script", "link", "table"} & set(page.tags)
    assert [attributes["role"] for _, attributes in page.elements if "role" in attributes] == ["article"]
    assert page.links == ["mailto:office@otaki.example.nz"]


def test_the_preheader_is_the_first_sentence() -> None:
    html = LETTERS.write(5, OCCASION).html

    assert '<div style="display:none;max-height:0;overflow:hidden;">Tāne has now been away from Ōtaki Example College for 5.5 days' in html


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_the_plain_text_fits_a_screen(threshold: Threshold) -> None:
    text = LETTERS.write(threshold, OCCASION).text

    assert max(len(line) for line in text.splitlines()) <= 72
    assert not re.search(r"<[a-z]|\{\{|\{%|&[a-z]+;|\*\*|\\", text)


def test_what_a_name_holds_is_text_and_nothing_else() -> None:
    own = LetterTemplate("en", "{{ child }} has been away", LETTERS.house(5).body, 1)
    written = LETTERS.write(
        5, replace(OCCASION, child="<b>Tāne</b>\r\n{{ 7 * 7 }} **x** [y](https://e.test)", school="Smith & Sons' <School>"), own
    )

    assert written.subject == "<b>Tāne</b> {{ 7 * 7 }} **x** [y](https://e.test) has been away"
    assert "&lt;b&gt;Tāne&lt;/b&gt; {{ 7 * 7 }} **x** [y](https://e.test)" in written.html
    assert "<b>" not in written.html
    assert Page(written.html).links == ["mailto:office@otaki.example.nz"]
    assert "Smith & Sons' <School>" in written.text


NAME = st.text(min_size=1, max_size=60).filter(lambda name: bool(one_line(name)))


@given(child=NAME, caregiver=NAME, school=NAME)
def test_no_name_breaks_out_of_its_place(child: str, caregiver: str, school: str) -> None:
    plain = Page(LETTERS.write(10, replace(OCCASION, names=["Mere"])).html)

    written = LETTERS.write(10, replace(OCCASION, child=child, names=[caregiver], school=school))

    page = Page(written.html)
    assert page.tags == plain.tags
    assert page.links == plain.links
    assert [set(attributes) for _, attributes in page.elements] == [set(attributes) for _, attributes in plain.elements]
    opening = f"Kia ora {called([caregiver], child)[0]}, {as_written(child)} has now been away from {one_line(school)} for"
    assert opening in " ".join(written.text.split())
    assert opening in page.text


@given(child=NAME, school=NAME)
def test_no_name_becomes_a_header(child: str, school: str) -> None:
    written = LETTERS.write(5, replace(OCCASION, child=child, school=school))
    parcel = Parcel(
        id=UUID(int=1),
        channel="email",
        recipient="mere@example.test",
        sender_name=school,
        reply_to=None,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id="<1@example.test>",
        written_at=OCCASION.counted_at,
    )

    message = message_from_bytes(as_email(parcel, "no-reply@star.invalid"), policy=policy.default)

    assert sorted(message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_without_a_contact_address_nobody_is_asked_to_reply() -> None:
    written = LETTERS.write(5, replace(OCCASION, contact_email=None))

    assert "Reply" not in written.text + written.html
    assert "ring the school office" in written.text
    assert "mailto:" not in written.html


def test_without_the_terms_dates_the_term_has_its_name_only() -> None:
    assert "for 5.5 days in Term 4." in " ".join(LETTERS.write(5, replace(OCCASION, dates=None)).text.split())


def test_an_unknown_time_zone_is_taken_for_aucklands() -> None:
    assert "20 November 2026" in LETTERS.write(5, replace(OCCASION, timezone="Pacific/Nowhere")).text


def test_a_schools_own_words() -> None:
    own = LetterTemplate(
        "en",
        "{{ child }}: {{ days }}",
        "Kia ora,\n\n**{{ child | upper }}** missed:\n\n{% for line in absence_lines %}\n- {{ line }}\n{% endfor %}\n\n"
        "See [our page](https://otaki.example.nz/attendance).\n\nNgā mihi,\n{{ school }}",
        7,
    )

    written = LETTERS.write(5, OCCASION, own)

    assert written.subject == "Tāne: 5.5 days"
    assert written.version == 7
    assert written.text.startswith(
        "Kia ora,\n\nTĀNE missed:\n\n- Mon 12 to Wed 14 Oct (3 days)\n- Fri 23 Oct (half a day)\n"
        "- Thu 5 Nov (1 day)\n- Wed 18 Nov (1 day)\n\nSee our page (https://otaki.example.nz/attendance).\n\n"
        "Ngā mihi,\nŌtaki Example College\n\n--------\n\nThis letter goes by the school’s roll"
    )
    page = Page(written.html)
    assert page.links == ["https://otaki.example.nz/attendance"]
    assert page.tags.count("li") == 4
    assert "<strong>TĀNE</strong> missed:" in written.html


def test_another_language_gets_numbers_and_no_english_words() -> None:
    own = LetterTemplate(
        "sm", "{{ child }}: {{ days }}", "{{ greeting }}|{{ term }}|{{ term_dates or '' }}|{{ absences or '' }}|{{ counted_on }}", 1
    )

    written = LETTERS.write(5, OCCASION, own)

    assert written.subject == "Tāne: 5.5"
    assert " ".join(written.text.partition("--------")[0].split()) == (
        "Mere Ngata, Wiremu Parata|4|12/10 – 18/12/2026|12/10 – 14/10 (3), 23/10 (0.5), 5/11 (1), 18/11 (1)|20/11/2026"
    )
    page = Page(written.html)
    assert page.elements[0] == ("html", {"lang": "sm", "dir": "ltr"})
    # The small print below is the house's English, and says so to a reader that speaks it aloud.
    assert [attributes.get("lang") for tag, attributes in page.elements if tag == "div"][-1] == "en-NZ"


def test_english_stands_beside_any_other_language() -> None:
    for language in ("sm", "mi", "zh-Hant"):
        written = LETTERS.write(5, OCCASION, LetterTemplate(language, "{{ child }}", "{{ child }}: {{ days }}", 1))
        first, _, english = written.text.partition("--------")
        assert first.startswith("Tāne: 5")
        assert "Kia ora Mere Ngata and Wiremu Parata," in english
        assert '<div lang="en-NZ" dir="ltr">\n<p' in written.html
    assert LETTERS.write(5, OCCASION).text.count("Kia ora") == 1


def test_a_language_from_right_to_left() -> None:
    page = Page(LETTERS.write(5, OCCASION, LetterTemplate("ar", "{{ child }}", "{{ child }} ({{ days }})", 1)).html)

    assert page.elements[0] == ("html", {"lang": "ar", "dir": "rtl"})


@pytest.mark.parametrize("body", ["{{ gone }}", "{{ contact_email }}", "{% for x in y %}", "{{ 'a' * 10 }}"])
def test_words_that_can_no_longer_be_used_give_way_to_the_houses(body: str) -> None:
    occasion = replace(OCCASION, contact_email=None)

    assert LETTERS.write(5, occasion, LetterTemplate("en", "x", body, 3)) == LETTERS.write(5, occasion)


def test_a_trial_says_so() -> None:
    written = LETTERS.try_out(5, OCCASION, LETTERS.house(5), trial=True)

    assert written.subject == "[Test] Attendance in Term 4"
    assert written.text.startswith(
        "This is a test. The family in this letter is made up, and nobody else\nwas sent it.\n\n--------\n\nKia ora"
    )
    assert "<strong>This is a test.</strong>" in written.html


@pytest.mark.parametrize(("half_days", "under"), [(8, True), (10, False)])
def test_a_correction_names_the_days_and_the_total(half_days: int, under: bool) -> None:
    written = LETTERS.correct(5, replace(OCCASION, absent_half_days=half_days, phone="04 555 0100"), OCCASION.absent_on[:3])
    text = " ".join(written.text.split())

    assert written.subject == "A correction: attendance in Term 4"
    assert "These days do not count: - Mon 12 to Wed 14 Oct (3 days)" in text
    assert f"has been away for {half_days // 2} days in Term 4." in text
    assert ("You need not do anything about our earlier letter." in text) is under
    assert "please ring the school office on 04 555 0100" in text


@pytest.mark.parametrize("threshold", [10, 15])
def test_the_houses_letters_promise_what_the_schools_published_plan_names_and_nothing_else(threshold: Threshold) -> None:
    meeting, service = "We would like to meet with you", "we ask the Attendance Service for help"
    for activities, said in (
        ([], (False, False)),
        (["meeting-with-whanau"], (True, False)),
        (["attendance-service-referral", "written-communication"], (False, True)),
        (["meeting-with-whanau", "attendance-service-referral"], (True, True)),
    ):
        occasion = replace(sample(threshold, SampleCase()), promises={str(threshold): activities})
        text = " ".join(Letters().write(threshold, occasion).text.split())
        assert (meeting in text, service in text) == said
    # A meeting that the plan names at another threshold is no promise at this one.
    elsewhere = replace(sample(threshold, SampleCase()), promises={"5": ["meeting-with-whanau"]})
    assert meeting not in " ".join(Letters().write(threshold, elsewhere).text.split())


def test_a_statement_of_a_child_who_was_never_away_is_good_news() -> None:
    written = LETTERS.write("statement", replace(OCCASION, absent_half_days=0, absent_on=(), illness_half_days=0))

    text = " ".join(written.text.split())
    assert "has not been away from Ōtaki Example College at all in Term 4" in text
    assert "0 days" not in text
    assert "Ka pai!\n\nYou need not do anything." in written.text


def test_good_news_says_nothing_of_steps_and_a_correction_nothing_of_no_days() -> None:
    for kind in ("full-term", "back-on-track", "statement"):
        for on_paper in (True, False):
            assert "5, 10 and 15 days" not in LETTERS.write(kind, replace(OCCASION, on_paper=on_paper)).text  # type: ignore[arg-type]
    corrected = LETTERS.correct(5, replace(OCCASION, absent_half_days=0), OCCASION.absent_on)
    assert "has not been away at all in Term 4" in " ".join(corrected.text.split())


def test_a_person_to_ask_for_is_not_shouted() -> None:
    assert "Please ring Hana Example on" in LETTERS.write(5, replace(OCCASION, contact_name="HANA EXAMPLE", phone="04 555 0100")).text
