"""The ways out: SMTP and a text gateway.

A parcel goes in, an outcome comes out (`outcomes.py`): done, not this time, or never, and whose fault it is. `verdicts.py` gives the
meaning of mail servers' answers (RFC 5321, RFC 3463); no outcome holds a name, an address or a server's own words.
"""
