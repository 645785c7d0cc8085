"""Evidence: what a school can show about one student's term, and what is missing.

The checklist says what the guide, a prosecution and the Attendance Service ask for, met or not. The document has the term's marks, records,
responses, decisions, contacts, meetings and support plans, as a PDF and as JSON, each signed with the key of transfer documents.
"""
