"""The vocabulary of attendance in New Zealand schools: codes, terms and school days, holidays, tiers and thresholds.

All of it is pure: a calendar or a code table comes in, an answer goes out. The codes and their rules are the Ministry's
(`docs/reference/attendance-codes.md`, `docs/reference/day-rule.md`).
"""
