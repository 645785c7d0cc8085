"""One student's personal data gone from a service: the list of erasures, and the frame in which a service's rooms apply one.

An erasure is an event on a topic of its own, which is kept as long as a register. Each service applies it in its rooms, keeps what it
removed in the table `erasures`, and passes over what is said of the student from before. Restored to a backup, it reads the event again.
"""
