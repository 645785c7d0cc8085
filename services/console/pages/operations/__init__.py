"""Operations: whether all is well, and if not, what is wrong and what to do; every process, every group, every operation, dead letters.

Everything comes from what the services say of themselves (`/v1/parts`, `/v1/operations`, `/v1/backlog`): nobody keeps a list of processes.
"""
