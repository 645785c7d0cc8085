"""What a process says of itself: structured logs, metrics, and whether its loops go forward.

Keys, offsets and ids only; never payloads, names or addresses.
"""
