"""The analysis of a term: totals, weeks, categories, causes, patterns, and what came after responses.

`gathering` reads rows, roster and records as of one moment; the rules count, and show no number about fewer than five students, nor any
from which one could be worked out (`disclosure`). See decision 11.
"""
