"""Numbers for Prometheus: how much waits in a service, and when it last succeeded.

An API of the service reads them from the database and the bus every fifteen seconds, so that they rise while its workers are dead.
In come the service's tables and the groups' commits; out go gauges.
"""
