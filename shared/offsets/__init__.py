"""The offsets that each group has consumed, kept with the state that it made of them.

A batch advances its partitions' offsets in the transaction that holds its effects, by compare-and-set, and a group reads on from there.
So a restored database finds its way by itself, a worker that lost its partition can write nothing, a topic that was made again is another
topic, and offsets that a log no longer holds become a lasting finding. Rule: Offsets live with the state, in the design's parts.
"""
