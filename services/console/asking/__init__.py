"""The four APIs, asked with the token of the person who is here.

A question is asked with others at the same time, and its answer is a `Part`: the data, or the failure that a page shows in its place. Only
a token that no longer holds is an exception, as nothing can be shown then.
"""
