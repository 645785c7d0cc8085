"""Notices to staff: a letter's copy, and letters that wait for them."""

from services.notifier.templates.rendering.staff import LetterCopy, ReleaseAlarm, StaffLetters

STAFF_LETTERS = StaffLetters()
LETTER = "Kia ora Mere,\n\nTāne <b>was</b> away.\n\n- Monday\n"


def copy(year_level: int | None = 9, recipients: int = 2) -> LetterCopy:
    return LetterCopy("Ōtaki Example College", "Tāne _Ngata_", year_level, 5, recipients, "Tāne has been away", LETTER)


def test_a_copy_is_marked_as_one_and_has_the_letters_own_words() -> None:
    written = STAFF_LETTERS.copy(copy())

    words = " ".join(written.text.split())
    assert written.subject == "Copy: letter about 5 days, Tāne _Ngata_"
    assert words.startswith("This is a copy for staff of Ōtaki Example College. The letter below, about 5 days away, was sent about")
    assert "about Tāne _Ngata_ (Year 9) to 2 recipients. Its subject: Tāne has been away --------" in words
    assert LETTER in written.text
    assert "Tāne &lt;b&gt;was&lt;/b&gt; away." in written.html
    assert "<b>was" not in written.html


def test_a_copy_without_a_year_level_and_of_one_letter() -> None:
    assert "about Tāne _Ngata_ to 1 recipient." in " ".join(STAFF_LETTERS.copy(copy(None, 1)).text.split())


def test_letters_that_wait() -> None:
    assert STAFF_LETTERS.release(ReleaseAlarm("Ōtaki Example College", 450)).subject == "450 letters wait for you at Ōtaki Example College"
    one = STAFF_LETTERS.release(ReleaseAlarm("Ōtaki Example College", 1))
    assert one.subject == "1 letter waits for you at Ōtaki Example College"
    assert "1 letter waits until somebody at the school has had a look." in " ".join(one.text.split())
