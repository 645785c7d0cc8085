"""Respond: what the school did about one record, or about many at once, with the plan's own activities.

Two clicks from any row. Several students have a result each. A response that was sent by mistake is taken back at once.
"""
