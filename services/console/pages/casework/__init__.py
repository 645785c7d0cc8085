"""The work for one student: attempts to reach the family, meetings, the support plan, and what is still asked for.

The page of a student shows it in a tab; here are the forms, the files, and families rung in a row.
"""
