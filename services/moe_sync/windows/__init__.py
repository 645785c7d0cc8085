"""Windows: each school's week in a term, when it closes, and what a school may choose of that.

In come schools' events, settings and the clock; when a window closes, its upload is built (`uploads`) and the next week is put down. One
worker of many schedules, under a lease with a fence (decision 18).
"""
