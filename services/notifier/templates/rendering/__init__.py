"""Letters in words. An occasion (the child, the names, the days) and a template come in; subject, plain text and HTML go out.

A template says only what `grammar` and `variables` allow, and is tried out on every made-up family (`samples`) before it is kept, so that
none can fail on the day of the letter. `staff` writes the e-mails to staff.
"""
