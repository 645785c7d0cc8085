"""Access: whom a caller may see.

Endpoints ask here for a caller with a scope and a role, and for a student whom the caller may see. The audit log (`shared/audit`)
has all that they show or change. See decision 10.
"""
