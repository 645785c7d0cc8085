"""Casework: what contacts, meetings and support plans share.

Each of them is a piece of casework: a document about a student, kept with every version of it. Its room decides what is in the document;
here it is kept, found under every key of the child, erased, let go of after seven years, and recorded as a response on a STAR record.
"""
