"""A process's account of itself: structured logs, metrics, and the progress of its loops.

Keys, offsets and ids only; never payloads, names or addresses.
"""
