"""What the four services share: the events they exchange, and the mechanisms each of them is built from.

Services import `shared`; `shared` imports no service. What only one service needs does not belong here.
"""
