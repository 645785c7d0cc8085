"""Contacts: every attempt of the school to reach a family, whether or not it did.

Staff record them; one that reached somebody can be recorded as a response in the same step. One that reached nobody is evidence, and no
response. A contact is not changed: it is withdrawn and recorded anew.
"""
