"""A student's term explained: each day, its marks, and the rule that counted them; and the lists of students by tier.

Register rows, calendars and corrections come in; numbers and sentences that a school can read out to a family go out.
"""
