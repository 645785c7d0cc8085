"""Names and other text from a school's system, in letters and headers."""

from services.notifier.contacts.one_line import one_line


def test_a_name_has_no_say_in_the_form() -> None:
    assert one_line("  Tāne\r\nBcc: all@example.nz\u2028\x00 ") == "Tāne Bcc: all@example.nz"
