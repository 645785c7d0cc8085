"""Letters on paper: taken together for one print, posted on a day by a person, and recorded as sent then.

In: letters that wait on paper. Out: one PDF with a list on top and each letter placed for an envelope's window; the fact that they went.
Letters that were taken back before they were posted stay in no pile: the printing names them.
"""
