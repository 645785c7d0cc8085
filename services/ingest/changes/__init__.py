"""Changes that would move much: what each would do is shown before it is made.

A door describes the change; the effect on the register is asked of thresholds by an event and comes back as one, and the caller confirms
what was shown. See decision 29.
"""
