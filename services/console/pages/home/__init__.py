"""Where a person begins: their only school, a choice of schools, or the one page that they have.

Nothing is asked of a person with one school.
"""
