"""The report of a term for the board: the analysis in words, tables and plots.

An analysis comes in; a page and a PDF, made of the same blocks, go out. Every plot has its numbers in a table beside it.
"""
