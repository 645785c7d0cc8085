"""Rehearsals: the last weeks' crossings, played through the letters' own rules by another policy or other words. Nothing is sent or kept.

In: a school, the choices to try, and how many weeks. Out: who would have got which letter when, by the choices in force and by the others.
"""
