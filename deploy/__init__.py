"""The ways to run the four services: the `star` command, the single process, a broker for this machine, the sandbox and the demo.

`cli` is the way in. Services come from `services`, and are put together here only; nothing in `services` or `shared` imports from here.
"""
