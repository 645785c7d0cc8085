"""Moments that only go forward: what a source says of one thing is later than all it has said of it before, whatever its clock does.

A clock can be set back, and two hosts' clocks differ. So no reader may find the newer of two facts by the times of two clocks. The source
of the facts draws their times here, under a name for all that is told in one order (a school's students, say): the clock's time, or the
least that is later than the last one. Readers compare these times as they compare versions.
"""
