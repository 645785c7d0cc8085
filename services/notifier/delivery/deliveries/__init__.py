"""Deliveries: one letter to one address, tried until it is sent, given up or withdrawn.

The task sends due deliveries and keeps how each attempt ended; the API lists deliveries, sends one again (`resending.py`) or cancels it.
Every change is made under the lock of the letter's case.
"""
