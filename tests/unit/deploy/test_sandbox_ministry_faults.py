"""The Ministry's faults on demand; the upload's tests meet them as a sender does (tests/integration/moe_sync/uploads)."""

from typing import Any

import pytest

from tests.unit.deploy.sandbox_ministry import RECORD_5, RECORD_10, RESPONSE, STUDENT, Sender, assert_problem, document


async def test_a_fault_before_storing_leaves_nothing(sender: Sender) -> None:
    state = await sender.fault(status=503, times=2, retry_after=7)
    assert state.json() == {"status": 503, "times": 2, "retry_after": 7, "after_storing": False, "reject": []}

    for _ in range(2):
        answer = await sender.post(document())
        assert_problem(answer, 503, "fault")
        assert answer.headers["retry-after"] == "7"
        assert await sender.items() == []
    assert (await sender.post(document())).status_code == 200


@pytest.mark.parametrize(
    ("unwanted", "items"),
    [
        (RECORD_5, [RECORD_5]),
        (STUDENT, [RECORD_5, RESPONSE]),
        ("67890", [RECORD_10]),
        (RESPONSE, [RESPONSE]),
    ],
)
async def test_items_can_be_rejected_until_that_changes(sender: Sender, unwanted: str, items: list[str]) -> None:
    await sender.fault(reject=[unwanted])

    for key, school in (("a", "0999"), ("b", "0189")):
        answer = (await sender.post(document(school=school), key=key)).json()
        assert answer["rejects"] == [{"item": item, "reason": "rejected by the sandbox"} for item in items]
    assert (await sender.fault(reject=[])).json()["reject"] == []
    assert (await sender.post(document(school="0001"), key="c")).json()["status"] == "accepted"


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"stauts": 503},
        {"status": 503, "times": 0},
        {"status": 200},
        {"status": "503"},
        {"times": 3},
        {"reject": "12345"},
        {"reject": None},
        {"reject": [], "times": 3},
        {"status": 503, "retry_after": -1},
    ],
)
async def test_a_fault_with_a_typo_is_refused(sender: Sender, fault: dict[str, Any]) -> None:
    assert_problem(await sender.fault(**fault), 422, "invalid-request")
    assert (await sender.post(document())).status_code == 200
