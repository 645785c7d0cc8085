"""The page that a newcomer opens first: each of its links leads somewhere."""

import re
from datetime import datetime
from urllib.parse import urljoin

import pytest

from deploy.demo.school import NUMBER
from tests.e2e.school import AUCKLAND, School, eventually, whole_plan
from tests.support.stack import Stack


@pytest.mark.parametrize("stack", ["embedded"], indirect=True)
def test_each_link_of_the_first_page_answers(stack: Stack) -> None:
    school = School(stack, NUMBER)
    school.enrol(["100"])
    plan, path = whole_plan(datetime.now(AUCKLAND).date()), f"/v1/schools/{NUMBER}/plan"
    eventually(lambda: school.request("PUT", "thresholds", path, json=plan).status_code, 200)
    school.request("POST", "thresholds", f"{path}/publish").raise_for_status()
    first = stack.url("ingest").removesuffix("ingest")

    page = stack.http.get(first)

    assert page.status_code == 200
    links = set(re.findall(r'href="([^"]+)"', page.text))
    assert {"/console/", "/sandbox/", "/sandbox/ministry.html", f"/thresholds/plans/{NUMBER}", "/sandbox/conform.html"} < links
    assert {f"/{service}/{what}" for service in ("ingest", "thresholds", "notifier", "moe-sync") for what in ("docs", "metrics")} < links
    answers = {link: stack.http.get(urljoin(first, link), follow_redirects=True).status_code for link in links}
    assert {link: status for link, status in answers.items() if status != 200} == {}
