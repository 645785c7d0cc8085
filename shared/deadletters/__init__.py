"""Records that a service could not apply: kept with their reason, shown to operators, and redriven or discarded.

A handler's batch refuses a message (`shared.batch`); the box keeps it in the same transaction, and announces it on the dead letters' topic.
A flood of them stops the consumer instead of emptying the topic into the box.
"""
