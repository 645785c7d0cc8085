"""Text tables as systems and spreadsheets export them, whatever they are about.

Bytes become lines, lines rows, and cells dates and identifiers.
"""
