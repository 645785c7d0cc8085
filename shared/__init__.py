"""The common ground of the four services: the events they exchange, and the mechanisms that each of them is built from.

Services import `shared`; `shared` imports no service. Code that only one service needs does not belong here.
"""
