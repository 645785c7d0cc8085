"""Parts: the processes of a service announce themselves, each with a row that it refreshes; who does not refresh it vanishes.

So nobody keeps a list of processes, and any API of a service can answer for all of its processes: which are alive and ready, what leads,
how long operations took in the last hour, and how far the workers are behind.
"""
