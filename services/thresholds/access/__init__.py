"""Access: whom a caller may see, and the audit log of who saw or changed what.

Endpoints ask here for a caller with a scope and a role, and for a student whom the caller may see. They write every look and change to
the log in their own transaction; the log is kept for seven years at least and names fields, never their values. See decision 10.
"""
