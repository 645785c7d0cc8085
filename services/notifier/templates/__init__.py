"""The words of letters: the house's, and each school's own in versions and languages.

A school's words come in by the API and are checked before they are kept; letters, previews and trials are written from the newest
version. `rendering` writes e-mails, `texts.py` text messages. Decision 13 has the reasons, `docs/how-to/write-letter-templates.md` the
language.
"""
