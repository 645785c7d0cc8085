"""The Attendance Management Plan: drafts, the checklist, publication, and reviews.

A board's plan comes in as texts and named activities; a page and a PDF for everybody go out, with an event at publication and before
each review. The checklist follows the Ministry's guide "Implementing an Attendance Management Plan".
"""
