"""The caught mail over HTTP: as data, and as pages that are safe to open."""

import re
from pathlib import Path

from deploy.sandbox.mail import MailCatcher
from tests.unit.deploy.sandbox_mail import AROHA, WIREMU, letter, over_http, send


async def test_mail_over_http(catcher: MailCatcher, tmp_path: Path) -> None:
    for number in range(3):
        await send(catcher, letter(subject=f"letter {number}"), WIREMU if number % 2 else AROHA)

    async with over_http(catcher) as http:
        everything = (await http.get("/mail")).json()
        assert everything == {"messages": catcher.box.messages()}
        assert set(everything["messages"][0]) == {"to", "from", "subject", "text", "html", "message_id", "received_at"}
        found = (await http.get("/mail", params={"to": AROHA, "limit": 1})).json()["messages"]
        assert [message["subject"] for message in found] == ["letter 2"]
        typo = await http.get("/mail", params={"too": AROHA})
        assert (typo.status_code, typo.headers["content-type"]) == (422, "application/problem+json")
        assert (await http.get("/mail", params={"limit": 0})).status_code == 422

        assert (await http.delete("/mail")).status_code == 204
        assert (await http.get("/mail")).json() == {"messages": []}
        assert list((tmp_path / "mail").iterdir()) == []
        assert "No letters yet" in (await http.get("/")).text


async def test_pages_show_a_letter_and_run_none_of_it(catcher: MailCatcher) -> None:
    message = letter(subject="<script>alert(1)</script>")
    message.get_payload()[1].set_content("<p>Hello</p><script>alert(2)</script>", subtype="html")  # type: ignore[index, union-attr]
    message.get_payload()[0].set_content("</pre><script>alert(3)</script>")  # type: ignore[index, union-attr]
    await send(catcher, message)

    async with over_http(catcher) as http:
        index = await http.get("/")
        assert "<script>" not in index.text
        assert "&lt;script&gt;alert(1)" in index.text
        [link] = re.findall(r'href="/sandbox(/mail/\d+\.html)"', index.text)

        page = await http.get(link)
        assert "<script>" not in page.text
        assert "&lt;/pre&gt;&lt;script&gt;alert(3)" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        [frame] = re.findall(r'<iframe sandbox title="[^"]*" src="/sandbox(/mail/\d+/body\.html)">', page.text)

        body = await http.get(frame)
        assert body.text == "<p>Hello</p><script>alert(2)</script>\n"
        assert body.headers["content-security-policy"].startswith("sandbox; default-src 'none'")

        source = await http.get(link.replace(".html", ".eml"))
        assert source.headers["content-type"] == "text/plain; charset=utf-8"
        assert source.text.startswith("From: =?utf-8?")
        assert (await http.get("/mail/1.html")).status_code == 404
