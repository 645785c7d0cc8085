"""Meetings with families: planned, moved, held, missed or cancelled, with a calendar file.

A held meeting writes the standard activity `meeting-with-whanau` on the student's highest open record, once; one that turns out not to have
been held takes it back.
"""
