"""`star import`: posts a file as it is to the imports endpoint, with patience, and adds its reports up for people.

A file larger than the endpoint takes goes in parts, cut at line ends. Nothing here reads the rows: the service does.
"""
