"""Marks: the hot path. A roll comes in, every mark is checked by the school's calendar and the code table, and the accepted ones are on the
bus with all acks before the answer.

Items are decoded one by one, so that a bad one spoils no other; the answer lists each refused mark with its place and reason.
"""
