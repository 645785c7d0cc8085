"""The register: one packed row for each student and term, with every mark of the term.

Marks come in as entries and are merged, the latest word winning; totals, causes and corrections go out. How marks become half days
follows the Ministry's rule of two-hour half days (`half_days`); the row's bytes follow decision 2.
"""
