"""The students of a school: one row each, with the last ten days, found by name or number and by what is wrong.

The filters live in the address. The list is also a class list on paper, and a file for a spreadsheet.
"""
