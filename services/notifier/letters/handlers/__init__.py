"""The topics of crossings and of staff's holds: a batch of messages, a transaction."""
