"""A country's morning: every school's roll in class-sized posts, through the door, Kafka and the register, measured.

`python -m tests.bench.nation --students 50000`. The stages build on one another; `--stages` leaves out the last ones.
"""
