"""Staff: the people of a school to whom work belongs, as the school has listed them, and whose a thing is today.

The list comes with the school. Nothing is kept here.
"""
