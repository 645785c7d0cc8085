"""The audit log of a service: who saw or changed what of which students, and who was refused.

Each service keeps a log of its own, in its own schema, and answers it at `GET /v1/schools/{school}/audit`. Endpoints write every look and
change in their own transaction (`log.py`); refusals are written after their answer (`refusals.py`). The table refuses every change, and to
delete a line within seven years. A line names fields, never what was in them. See decision 10.
"""
