"""The judgement about a caregiver's words, tried with the spellings of schools."""

import pytest

from shared.correspondents import is_closed, is_protected, judged, judgement_of, said_in, shortened, text_key, words_key
from shared.events.data import Caregiver

PROTECTED = """
Access by court order only|NO CONTACT|no-contact|nocontact|N/C|N.C.|n c|DNC|D.N.C.|Don't contact|Don\u2019t contact|do NOT contact!!
Not to be contacted|Protection Order|PROTECTION-ORDER in place|prot. ord.|Non-molestation order|non molestation|Trespassed|tresspass notice
Restraining order|restricted|RESTRAINED|Custody dispute|sole custody mother|Supervised access only|N O  C O N T A C T|Kaua e whakap\u0101
N\u014d contact|no cont.|must not be written to|Active - court order|Caregiver (No Contact)|Mother; trespass|access denied|Deceased|Dec'd
parenting order|Do not send mail|PO in place|Father - bail conditions|No correspondence|family harm|Whereabouts secret
Oranga Tamariki order s78|IPO in place|Non-association|Ko\u0304re whakapa\u0304|\uff2e\uff2f \uff23\uff2f\uff2e\uff34\uff21\uff23\uff34
No\u200bcontact|c/order \u26d4|NO \u26d4 CONTACT
"""


@pytest.mark.parametrize("text", [text.strip() for line in PROTECTED.strip().splitlines() for text in line.split("|")])
def test_words_of_protection_win_over_everything(text: str) -> None:
    assert judged(text) == "protected"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "-",
        "Active",
        "CURRENT",
        "Caregiver",
        "Caregiver 2",
        "A",
        "Mother",
        "Wh\u0101nau",
        "Step-father",
        "Legal guardian",
        "Parent/Guardian",
        "Mum & Dad",
        "Caregiver B",
        "Grandad",
        "Kaitiaki",
    ],
)
def test_the_short_list_is_harmless(text: str | None) -> None:
    assert judged(text) == "harmless"


@pytest.mark.parametrize(
    "text",
    [
        *("Emergency", "EMERGENCY CONTACT", "Emerg. contact only", "In case of emergency", "Inactive", "former", "Billing"),
        *("Emergency Contact 2", "1st emergency contact", "Emerg. 1", "Removed 2025", "Inactive (2024)", "No longer caregiver", "NOK"),
    ],
)
def test_some_are_listed_for_another_purpose(text: str) -> None:
    assert judged(text) == "no-correspondent"


@pytest.mark.parametrize(
    "text",
    [
        "Purple",
        "Caregiver & emergency contact",
        "No restrictions",
        "Social worker",
        "active until May",
        "???",
        "\u738b",
        # A sign that an office sets beside a harmless word; look-alikes of letters; hints.
        "Mother \U0001f6ab",
        "Mum \u26a0\ufe0f",
        "Mother*",
        "Father \u2020",
        "Dad \u2717",
        "Mother!",
        "Father ?",
        "#Dad",
        "Mum + Dad",
        # A single letter can be for anything; combinations with another purpose.
        "C",
        "D",
        "M",
        "Mother (emergency)",
        "Mum's partner",
        "Contact 1",
        "Active \u00d7",
        "n\u03bf contact",
        "n0 contact",
        "Alert",
        "see file",
    ],
)
def test_a_person_decides_about_the_rest(text: str) -> None:
    assert judged(text) == "undecided"


def test_the_strictest_of_a_caregivers_words_counts() -> None:
    assert judgement_of(Caregiver(name="A", status="Active", role="Emergency")) == "no-correspondent"
    assert judgement_of(Caregiver(name="A", status="Purple", role="Mother")) == "undecided"
    assert judgement_of(Caregiver(name="A", status="Active", role="No contact")) == "protected"
    assert judgement_of(Caregiver(name="A", status="Active", role="Mother", relationship="Aunt by marriage")) == "harmless"


def test_a_name_and_a_relationship_can_say_it_too_but_a_surname_does_not() -> None:
    assert is_protected(Caregiver(name="Hemi Up (DO NOT CONTACT)"))
    assert is_protected(Caregiver(name="Hemi Up", relationship="Father - protection order"))
    assert is_protected(Caregiver(name="Hemi Up", relationship="Father (supervised access)"))
    assert is_protected(Caregiver(name="Hemi Up", relationship="Non-custodial parent"))
    assert not is_protected(Caregiver(name="Margaret Court", relationship="Aunt"))


@pytest.mark.parametrize(
    ("field", "text"),
    [("email", "NO CONTACT hemi@example.nz"), ("email", "hemi@example.nz (court order)"), ("phone", "do not contact 021 555 0100")],
)
def test_words_beside_an_address_can_say_it_too(field: str, text: str) -> None:
    assert is_protected(Caregiver(name="Hemi Up", **{field: text}))


@pytest.mark.parametrize(
    ("field", "text"),
    [("email", "no email"), ("email", "do not email: hemi@example.nz"), ("phone", "021 555 0100 (do not text)"), ("email", "po@court.nz")],
)
def test_a_closed_address_is_not_a_closed_person(field: str, text: str) -> None:
    assert not is_protected(Caregiver(name="Hemi Up", **{field: text}))


@pytest.mark.parametrize("words", ["DO NOT EMAIL", "(do not use)", "not in use:", "no e-mail", "Address withheld", "don't post"])
def test_words_that_close_an_address(words: str) -> None:
    assert is_closed(words)


@pytest.mark.parametrize("words", ["(work)", "Mum:", "new", "12 Court Road, Ōtaki 5512", "PO Box 5, Ōtaki"])
def test_words_that_close_none(words: str) -> None:
    assert not is_closed(words)


def test_a_sign_beside_a_word_makes_another_text_to_decide_about() -> None:
    assert text_key("Mother*") == text_key("MOTHER *") == text_key("*Mother*") != text_key("Mother")
    assert text_key("Mum \u26a0\ufe0f") == text_key("Mum\u26a0")
    # In a name a sign makes nobody another person.
    assert words_key("Mere Example \u2020") == words_key("Mere Example")
    assert judged("Emergency *") == "no-correspondent"
    assert {judged(text) for text in ("Mother.", "(Mother)", "mother/")} == {"harmless"}


def test_spellings_of_a_text_are_one() -> None:
    assert len({text_key(text) for text in ("Hui a wh\u0101nau", "HUI-A-WHANAU", " hui  a whanau. ")}) == 1


@pytest.mark.parametrize(
    ("title", "text", "said"),
    [
        ("legal access", "No", "legal access: No"),
        ("legal access", "Yes", "legal access: Yes"),
        ("legal access", "", None),
        ("may collect mail", "N", "may collect mail: N"),
        ("portal access", "No", None),
        ("correspondence", "No", "correspondence: No"),
        ("mailing", "false", "mailing: false"),
        ("custodial access", "No", "custodial access: No"),
        # What names the restriction itself is there with a Yes, and not with a No.
        *((title, "No", None) for title in ("access restrictions", "legal orders", "no access", "no correspondence", "may not collect")),
        ("legal alert", "N", None),
        ("access restrictions", "Yes", "access restrictions: Yes"),
        ("court order", "N/A", None),
        ("notes", "trespass notice 2026", "notes: trespass notice 2026"),
        ("notes", "works nights", None),
        ("work", "Court registrar", None),
        ("suburb", "no contact", "suburb: no contact"),
    ],
)
def test_a_column_about_a_caregiver_says_what_restricts(title: str, text: str, said: str | None) -> None:
    assert said_in(title, text) == said


def test_a_long_text_is_cut_around_what_restricts() -> None:
    assert judged(shortened("lives in the country " * 20 + "no contact", 200)) == "protected"
    assert shortened("a" * 300, 200) == "a" * 200
