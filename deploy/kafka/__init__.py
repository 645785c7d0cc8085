"""A real Apache Kafka on this machine, one node, without Docker: for `make kafka` and for the tests.

`install.py` fetches the jars through Maven, `broker.py` starts and stops the node in a folder, `pidfile.py` knows whose it is.
"""
