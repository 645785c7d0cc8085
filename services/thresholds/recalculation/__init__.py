"""Recalculation: rows folded again when a calendar changes or, where blanks count, when a school day ends.

A school's new calendar or the clock asks for it; work items fold the rows chunk by chunk, while marks flow, and crossings go out as
ever.
"""
