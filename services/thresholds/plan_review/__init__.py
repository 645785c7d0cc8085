"""Review of the plan: of what the plan says at each step, what was done, and for how many of the students who reached it.

In: the published plan, the term's STAR records and their responses. Out: numbers of students by step and action, with a sentence each.
"""
