"""The main job, from a mark to the caregiver's letter and the Ministry's receipt; then the same with the marks corrected."""

from tests.e2e.school import School, eventually


def test_marks_become_a_record_an_event_a_letter_and_an_upload_and_corrections_take_them_back(school: School) -> None:
    school.enrol(["100", "200"])
    school.absent("100", 9)
    school.absent("200", 9, code="P")
    eventually(lambda: school.total("100"), 9)
    assert school.attendance("100")["tier"] == "green"
    assert school.records() == []

    school.absent("100", 1, first=9)
    eventually(school.crossings, [("100", 5, "up", 1)])
    (record,) = school.records(status="open")
    assert (record["student"], record["threshold"], record["absent_days"]) == ("100", 5, 5.0)
    view = school.attendance("100")
    assert (view["absent_days"], view["tier"], view["name"]) == (5.0, "yellow", "Made100 Up")
    assert sum(day["absent_half_days"] for day in view["days"]) == 10

    eventually(lambda: len(school.letters("100")), 1)
    (letter,) = school.letters("100")
    assert "5 days" in letter["text"]
    assert "Made100" in letter["text"]
    assert "Made100" in letter["html"]
    assert school.letters("200") == []

    response = {"activity": "conversation-with-whanau", "occurred_on": str(school.half_days[-1][0]), "staff": "A Teacher"}
    assert school.request("POST", "thresholds", f"/v1/star-records/{record['id']}/responses", json=response).status_code == 201
    eventually(lambda: [event["type"] for event in school.events()], ["nz.star.threshold.crossed.v1", "nz.star.response.recorded.v1"])

    path = f"/v1/schools/{school.number}/uploads"
    eventually(lambda: len(school.get("moe-sync", f"{path}/preview", week=school.week())["responses"]), 1)
    assert school.request("POST", "moe-sync", path, json={"week": school.week()}).status_code == 202
    eventually(lambda: len(school.uploads()), 1)
    (upload,) = school.uploads()
    assert [(item["student"], item["threshold"], item["status"]) for item in upload["records"]] == [("100", 5, "open")]
    assert [item["activity"] for item in upload["responses"]] == ["conversation-with-whanau"]
    assert "Made100" not in str(upload)
    eventually(lambda: school.get("moe-sync", path)["items"][0]["status"], "accepted")

    school.post([school.mark("100", 0, "P", minute=1)])
    eventually(school.crossings, [("100", 5, "up", 1), ("100", 5, "down", 1)])
    assert school.attendance("100")["tier"] == "green"
    assert [record["status"] for record in school.records()] == ["withdrawn"]

    eventually(lambda: [item["status"] for item in school.get("moe-sync", f"{path}/preview", week=school.week())["records"]], ["withdrawn"])
    school.request("POST", "moe-sync", path, json={"week": school.week()}).raise_for_status()
    eventually(lambda: [upload["number"] for upload in school.uploads()], [1, 2])
    assert [item["status"] for item in school.uploads()[-1]["records"]] == ["withdrawn"]

    school.absent("100", 1, first=10)
    eventually(lambda: school.crossings()[-1], ("100", 5, "up", 2))
    (record,) = school.records()
    assert (record["status"], record["sequence"]) == ("open", 2)
    eventually(lambda: len(school.letters("100")), 2)


def test_a_jump_over_two_thresholds_makes_two_records_and_one_letter(school: School) -> None:
    school.enrol(["100"])
    school.absent("100", 20)
    eventually(school.crossings, [("100", 5, "up", 1), ("100", 10, "up", 1)])
    eventually(lambda: len(school.letters("100")), 1)
    assert "10 days" in school.letters("100")[0]["text"]
    assert sorted(record["threshold"] for record in school.records()) == [5, 10]


def test_nothing_personal_leaves_its_place(school: School) -> None:
    """No name or address in any log, metric or event but the students' own."""
    school.enrol(["100"])
    school.absent("100", 10)
    eventually(lambda: len(school.letters("100")), 1)
    logs = "".join(path.read_text() for path in school.stack.folder.glob("*.log"))
    assert logs
    metrics = "".join(school.stack.http.get(f"{school.stack.url(service)}/metrics").text for service in ("ingest", "thresholds"))
    for text in (logs, metrics, str(school.events())):
        assert "Made100" not in text
        assert "example.test" not in text
        assert "A Caregiver" not in text
