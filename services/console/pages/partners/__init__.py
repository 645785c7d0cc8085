"""Partners: a company's own subscriptions to events, with what was sent, what is waiting, and what the receiver answered.

No name of a student is on these pages: events have keys and ids, and the page shows a request as the receiver got it.
"""
