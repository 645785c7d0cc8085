"""Letters: what waits and why, what was sent, what came back. A letter is seen before it goes; one or many are let go, held or ended.

The notifier decides everything anew when a letter goes: a release is a person's yes, not an order to send.
"""
