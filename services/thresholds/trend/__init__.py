"""A school's terms one after the other, with the targets of its plan, as a board looks at them from year to year.

In: the analysis of each term, eight terms at most, and the published plan. Out: each term's numbers beside the target of its year and the
same term of the year before, from which nobody can be picked out.
"""
