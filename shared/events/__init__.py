"""The events that services exchange: CloudEvents in the past tense, each a fact, with its version, topic and data.

`catalogue` names them all; the AsyncAPI document and the JSON schemas are made from it.
"""
