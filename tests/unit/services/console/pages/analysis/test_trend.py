"""The terms as a drawing, a table and a file."""

from services.console.pages.analysis.trend import cells_of, line_of, rows_of


def sent(name: str, share: float | None, target: float | None, points: float | None) -> dict[str, object]:
    return {
        "term": name,
        "students": None if share is None else 120,
        "absence_rate": None if share is None else 0.1,
        "regular_share": share,
        "target": None if target is None else {"year": 2026, "regular_percent": target},
        "points_from_target": points,
        "points_in_a_year": None,
    }


SENT = [sent("2026-T1", 0.5, 65.0, -15.0), sent("2026-T2", None, 65.0, None), sent("2026-T3", 1.0, None, None)]


def test_the_drawing_is_broken_where_a_term_is_hidden() -> None:
    line = line_of(SENT)
    # From 192 (nobody) to 12 (everybody); three terms share 648 units.
    assert [(point.x, point.share) for point in line.points] == [(156.0, 102.0), (372.0, None), (588.0, 12.0)]
    assert line.shares == "M156.0 102.0M588.0 12.0"
    assert line.targets == "M156.0 75.0L372.0 75.0"
    assert line_of([]).points == []


def test_the_table_has_the_newest_first_and_the_file_the_oldest() -> None:
    newest_first = rows_of(SENT)
    assert [row.term for row in newest_first] == ["Term 3 of 2026", "Term 2 of 2026", "Term 1 of 2026"]
    assert (newest_first[2].target, newest_first[2].from_target, newest_first[2].in_a_year) == ("65 % in 2026", "15 points below", "–")
    assert (newest_first[1].regular, newest_first[1].students) == ("too few to show", "too few to show")
    assert cells_of(SENT)[0] == ["2026-T1", 0.5, 0.1, 120, 65.0, 2026, -15.0, None]
