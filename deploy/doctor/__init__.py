"""`star doctor`: looks at everything that a set-up needs, and says of each part whether it is well and what to do where it is not.

Nothing is changed, and no letter or upload goes. `diagnosis.py` is the list; the other files look at one neighbour each.
"""
