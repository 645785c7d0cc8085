"""Letters that went to a student's family, as the notifier says it: the facts, without a word of them.

A letter is a piece of casework: it is kept, moved with its student and erased as the others are.
"""
