"""Partners: their subscriptions, and the webhooks that carry events to them.

Crossings, responses and plans come in and are kept for a time; each becomes a webhook for every subscription that wants it, signed and
tried by the schedule of the Standard Webhooks specification (1.0.0). Receivers are reached only at addresses that `addresses.py` allows.
Decision 16 has the reasons.
"""
