"""Good news of a school's students: a term without absence, and days back at school after a threshold was reached.

In: the days of the register and the crossings of a term. Out: a list with a sentence each, and certificates to print.
"""
