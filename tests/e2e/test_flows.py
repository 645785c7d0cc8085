"""The Arazzo document's four flows, run against the product by Redocly's runner, which holds each answer to the OpenAPI documents."""

import json
import os
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deploy.openapi import main as write_documents
from tests.e2e.receiver import receiving
from tests.e2e.school import AUCKLAND, School, fresh_number
from tests.support.node import node, packages_or_skip
from tests.support.pages import DOCS, ROOT
from tests.support.stack import SERVICES, embedded_stack

pytestmark = pytest.mark.timeout(900)

FLOWS = ["connect-an-sms", "subscribe-replay-rotate", "respond-and-close", "run-an-upload"]
SCOPES = "roster:write marks:write star:read star:write uploads:run events:subscribe"


def test_the_four_flows_run_against_the_product(tmp_path: Path) -> None:
    redocly = packages_or_skip(ROOT / ".ci" / "documents") / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"
    shutil.copy(DOCS / "reference" / "flows.arazzo.yaml", tmp_path)
    write_documents(tmp_path / "openapi")
    with embedded_stack(tmp_path) as stack, receiving() as receiver:
        school = School(stack, fresh_number())
        inputs = {
            "token": stack.token(SCOPES, school.number),
            "school": school.number,
            "term": {"term": school.term, "start": str(school.start), "end": str(datetime.now(AUCKLAND).date() + timedelta(days=14))},
            "marks": [school.mark("12345", half_day, "M") for half_day in range(11)],
            "open_days": sorted({str(day) for day, _ in school.half_days}),
            "receiver": receiver.url,
            "today": str(datetime.now(AUCKLAND).date()),
            "week": school.week(),
        }
        servers = ",".join(f"{service}={stack.url(service)}" for service in SERVICES)
        done = subprocess.run(
            [
                *node(),
                str(redocly),
                "respect",
                "flows.arazzo.yaml",
                "--input",
                json.dumps(inputs),
                "--server",
                servers,
                "--json-output",
                "run.json",
            ],
            cwd=tmp_path,
            env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    flows = json.loads((tmp_path / "run.json").read_text())["files"]["flows.arazzo.yaml"]["executedWorkflows"]
    assert [flow["workflowId"] for flow in flows] == FLOWS
