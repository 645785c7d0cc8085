"""Names as a letter says them."""

import pytest

from services.notifier.templates.rendering.names import as_written, called, people_in


@pytest.mark.parametrize(
    ("names", "greeted"),
    [
        (["Mere Example", "Sam Example"], ["Mere Example", "Sam Example"]),
        (["EXAMPLE, MERE"], ["Mere Example"]),
        (["Example, Mere"], ["Mere Example"]),
        (["EXAMPLE Mere"], ["Example Mere"]),
        (["mere example"], ["Mere Example"]),
        (["TE RANGI-MĀRIE O'NEIL"], ["Te Rangi-Mārie O'Neil"]),
        (["Mere Example (Mum)", "Sam Example*", "† Hana Example"], ["Mere Example", "Sam Example", "Hana Example"]),
        (["Mere  Example", "MERE EXAMPLE"], ["Mere Example"]),
        (["Mr & Mrs J Example"], ["Mr & Mrs J Example"]),
        (["van der Berg"], ["van der Berg"]),
        (["AJ Example", "J.R. Example"], ["AJ Example", "J.R. Example"]),
        (["王"], ["王"]),
        # A role or an address greets nobody.
        (["Caregiver 1", "Sam Example"], ["Sam Example"]),
        (["Mother"], ["whānau of Aroha"]),
        (["Mum & Dad", "caregiver"], ["whānau of Aroha"]),
        (["mere@example.nz"], ["whānau of Aroha"]),
        ([" ", "-"], ["whānau of Aroha"]),
    ],
)
def test_the_names_of_a_greeting(names: list[str], greeted: list[str]) -> None:
    assert called(names, "AROHA") == greeted


def test_a_role_is_nobody_on_an_envelope_either() -> None:
    assert people_in(["EXAMPLE, MERE", "Caregiver 2"]) == ["Mere Example"]
    assert people_in(["Mother", "mere@example.nz"]) == []


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("AROHA", "Aroha"),
        ("aroha", "Aroha"),
        ("Aroha", "Aroha"),
        ("AJ", "AJ"),
        ("A.J.", "A.J."),
        ("MERE-ANA", "Mere-Ana"),
        ("McKenzie", "McKenzie"),
    ],
)
def test_a_childs_name_is_not_shouted(name: str, written: str) -> None:
    assert as_written(name) == written
