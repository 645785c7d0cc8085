"""The job that every program here does: the last mark of a slot wins, absent half days are counted, steps are said.

A student's state is plain JSON: {"slots": {"2026-11-02 AM": ["2026-11-02T08:55:00+00:00", "T"]}, "absent": half days}.
"""

import os

BOOTSTRAP = os.environ["BOOTSTRAP"]
INPUT = os.environ["INPUT"]
OUTPUT = os.environ["OUTPUT"]
FOLDER = os.environ["FOLDER"]
STEPS = (10, 20, 30)


def fresh():
    """The state of a student without marks."""
    return {"slots": {}, "absent": 0}


def level(absent):
    """How many steps so many half days have reached."""
    return sum(absent >= step for step in STEPS)


def apply(state, mark):
    """Puts a mark into a student's state; answers the new level if it is another one."""
    slot = f"{mark['date']} {mark['session']}"
    known = state["slots"].get(slot)
    if known is not None and known[0] >= mark["recorded_at"]:
        return None
    before = level(state["absent"])
    state["absent"] += (mark["code"] == "T") - (known is not None and known[1] == "T")
    state["slots"][slot] = [mark["recorded_at"], mark["code"]]
    after = level(state["absent"])
    return after if after != before else None
