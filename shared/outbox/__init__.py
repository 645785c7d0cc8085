"""Publishing as part of a transaction: an event is a row first, and a relay carries the rows to the bus in order.

One relay a service leads at a time. A crash between publishing and deleting publishes again, with the same ids.
"""
