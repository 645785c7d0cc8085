"""The children behind keys that a school has given to more than one, and the names by which people know them.

The engine calls the second child of a key `12345` by a key of its own (`12345~2`, see decision 36). Each service that answers or tells of
students keeps who holds which key (a table `key_holders` of its schema, `repository.py`), and says a child's name as the school does: the
child who has the key now is `12345`, the first one `12345~1`.
"""
