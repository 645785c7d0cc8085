"""PDFs: tagged, the same bytes for the same data, and text that is never code."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import typst

from services.thresholds.pages import pdf
from services.thresholds.pages.pdf import UnprintableError, compile_pdf
from services.thresholds.plans.document import document
from services.thresholds.plans.plan import STEPS, Approach, Contact, Edition, Monitoring, Plan, Processes
from services.thresholds.plans.printing import TEMPLATE, plan_pdf
from shared.typesetting.press import Press

AT = datetime(2026, 11, 20, 2, 0, 0, 123, tzinfo=UTC)
EDITION = Edition(school_name="Ōtaki Example College", labels={"ring": "Ring *home*"})
NASTY = '#read("/etc/passwd") #panic("x") $1/0$ `code` *bold* _it_ @ref <label> \\ // no comment /* nor this */ "quoted" = heading'


def plan_of(said: str) -> Plan:
    return Plan(
        objectives=[said, said],
        priorities=[f"{said}\n- {said}\n- {said}\n\n1. {said}"],
        processes=Processes(patterns=[said], barriers=[said]),
        monitoring=Monitoring(measures=[said], achievement_links=[said]),
        thresholds={step: Approach(strategies=[said], actions=["ring", said]) for step in STEPS},
        approved_on=date(2026, 11, 3),
        approved_by=said,
        contact=Contact(name=said, email="office@example.test", phone="04 000 0000"),
    )


def printed(said: str) -> bytes:
    return plan_pdf(plan_of(said), EDITION, 1, "published", AT)


def test_tagged_and_titled_for_readers_tools() -> None:
    made = printed("Whānau")
    assert made.startswith(b"%PDF-")
    for mark in (b"pdfuaid:part>1<", b"/MarkInfo", b"/Lang(en-NZ)", b"/DisplayDocTitle true"):
        assert mark in made, mark
    assert "Attendance Management Plan – Ōtaki Example College".encode() in made


def test_the_same_data_makes_the_same_bytes() -> None:
    assert printed("Whānau") == printed("Whānau")
    assert printed("Whānau") != printed("whānau")


def set_texts(said: str) -> set[str]:
    """The texts that Typst has set in paragraphs and lists."""
    data = json.dumps(document(plan_of(said), EDITION, 1, "published").as_data())
    found: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            found.update(value for name, value in node.items() if name == "text" and isinstance(value, str))
        for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            collect(part)

    for kind in ("par", "list", "enum"):
        collect(json.loads(typst.query(pdf.ROOT / TEMPLATE, kind, root=pdf.ROOT, sys_inputs={"data": data}, ignore_system_fonts=True)))
    return found


def test_text_is_never_code() -> None:
    assert printed(NASTY)
    assert {NASTY, "Ring *home*"} <= set_texts(NASTY)


@pytest.mark.parametrize(
    "said", ["āēīōū ĀĒĪŌŪ", "Fa’afetai, malo ‘aupito, mauruuru", "→ ✓ ½ € – “quoted”", "Ελληνικά", "Tiếng Việt", "a" * 4_000]
)
def test_what_the_fonts_have_can_be_printed(said: str) -> None:
    assert printed(said)


@pytest.mark.parametrize(("said", "named"), [("Kia ora 😀", "U+1F600 (grinning face)"), ("漢字", "U+6F22 (cjk unified ideograph-6f22)")])
def test_what_no_font_has_is_refused_by_name(said: str, named: str) -> None:
    with pytest.raises(UnprintableError, match=re.escape(named)):
        printed(said)


def test_an_empty_plan_can_be_printed_too() -> None:
    assert plan_pdf(Plan(), EDITION, 1, "draft", AT)


def test_a_wrong_template_is_no_ones_text() -> None:
    with pytest.raises(typst.TypstError):
        compile_pdf(TEMPLATE, {"no": "plan"}, AT)


def test_nothing_above_the_services_folder_can_be_read(tmp_path: Path) -> None:
    press = Press(tmp_path / "root")
    (tmp_path / "root").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "root" / "bad.typ").write_text('#read("../secret.txt")')
    with pytest.raises(typst.TypstError):
        press.compile_pdf("bad.typ", {}, AT)
