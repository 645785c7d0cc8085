"""KAMAR Directory Services: documents of up to 200 MB that a school's KAMAR pushes, JSON or XML.

At the door (`senders.py`, `receiving.py`) a document is stored piece by piece, without passwords; the worker (`task.py`, `processing.py`)
reads it in slices and makes marks, students and pastoral rows of it. The parts that can't be applied are listed for the school
(docs/how-to/connect-kamar.md).
"""
