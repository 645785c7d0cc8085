"""Items: our copy of STAR records and responses, every version of each, and how far each has come with the Ministry.

In come crossings and responses; out go the items of a school as they were at a moment, so that a late upload still holds what was so when
its window closed. Facts may come in any order and any number of times: equal facts make an equal item.
"""
