"""OneRoster CSV (1EdTech, versions 1.1 and 1.2): a zip of tables in, one school's students with their caregivers and groups out.

The roster itself is taken as every other door takes it. Whatever the format can't say about a student stays as it was, and whatever the
file says that we can't use is noted (docs/how-to/import-oneroster.md).
"""
