"""The published plan for everybody: a page and a PDF, without a token.

In: a school's number. Out: the version that its board published, the dates and the number that families look for, and the progress against
the plan's targets, from which nobody can be picked out.
"""
