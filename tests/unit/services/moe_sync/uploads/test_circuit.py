"""In an outage of the Ministry's end one upload asks, and all others wait."""

from services.moe_sync.uploads.circuit import IN_A_ROW, LONGEST_PAUSE, Circuit


def broken(at: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(IN_A_ROW):
        circuit.found_nobody(at)
    return circuit


def test_one_attempt_that_finds_nobody_is_no_outage() -> None:
    circuit = Circuit()
    circuit.found_nobody(0)
    assert circuit.may_go(0)
    assert not circuit.answered()
    circuit.found_nobody(1)
    circuit.found_nobody(2)
    assert not circuit.is_open


def test_in_an_outage_one_asks_and_the_next_waits_for_what_it_finds() -> None:
    circuit = broken()
    assert not circuit.may_go(3.9)
    assert circuit.may_go(4)
    assert not circuit.may_go(4.1)
    assert circuit.answered()
    assert circuit.may_go(4.2)
    assert circuit.may_go(4.2)


def test_the_pauses_grow_up_to_a_quarter_of_a_minute() -> None:
    circuit, now, pauses = broken(), 0.0, []
    for _ in range(5):
        pauses.append(circuit.ask_at - now)
        now = circuit.ask_at
        assert circuit.may_go(now)
        circuit.found_nobody(now)
    assert pauses == [4, 8, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_side_that_names_the_time_is_not_asked_before() -> None:
    circuit = broken()
    circuit.found_nobody(0, after=120)
    assert not circuit.may_go(119)
    assert circuit.may_go(120)
