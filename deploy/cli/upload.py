"""`star upload`: a school's weekly uploads from the command line, through the REST API."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from deploy.cli.options import data_option, json_option, token_option, token_or_own, url_option
from deploy.cli.output import local_time, print_json, print_table

if TYPE_CHECKING:
    import httpx

TIMEOUT: Final = 60.0
NOT_DONE: Final = 2


class UploadFailedError(click.ClickException):
    """The service did not do what was asked."""

    exit_code = NOT_DONE


def _with_service(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command here; gives it `url`, and `token`, which is signed here where none is given."""

    @wraps(command)
    def with_token(url: str, token: str | None, data: Path, **arguments: Any) -> None:
        command(url=url, token=token_or_own(token, data, ["star:read", "uploads:run"], ["*"]), **arguments)

    return url_option("moe-sync")(token_option(data_option(json_option(with_token))))


school_option = click.option("--school", required=True, help="The school's number.")


@click.group()
def upload() -> None:
    """Shows, runs, pauses and resumes weekly uploads.

    The token needs star:read or, to run, pause and resume, uploads:run.
    """


@upload.command("list")
@school_option
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@_with_service
def list_(school: str, limit: int, url: str, token: str, as_json: bool) -> None:
    """Lists the newest uploads of a school, newest first."""
    items = _answer(url, token, "GET", f"/v1/schools/{school}/uploads", params={"limit": limit}).json()["items"]
    if as_json:
        print_json({"items": items})
        return
    columns = ("week", "no.", "status", "records", "responses", "rejected", "answered", "receipt or reason", "id")
    rows = [
        (
            item["week"],
            item["number"],
            item["status"] + (" (outcome unknown)" if item["outcome_unknown"] else ""),
            item["counts"]["records"],
            item["counts"]["responses"],
            item["rejected"],
            local_time(item["sent_at"]),
            item["receipt"] or item["reason"] or "",
            item["id"],
        )
        for item in items
    ]
    print_table(f"Uploads of school {school}", columns, rows)


@upload.command()
@_with_service
def status(url: str, token: str, as_json: bool) -> None:
    """Shows who schedules uploads, which are late and which wait."""
    answer = _answer(url, token, "GET", "/v1/upload-status").json()
    if as_json:
        print_json(answer)
        return
    leader = answer["leader"]
    rows = [
        ("scheduled by", f"{leader['host']} since {local_time(leader['since'])}" if leader else "nobody at this moment"),
        ("windows overdue", answer["windows_overdue"]),
        ("uploads pending", answer["pending"]),
        ("uploads being sent", answer["sending"]),
        ("of those, outcome unknown", answer["outcome_unknown"]),
        ("ways set up", ", ".join(answer["adapters"])),
        ("way of schools that chose none", answer["default_adapter"]),
    ]
    print_table("Weekly uploads", ("", ""), rows)


@upload.command()
@school_option
@click.option("--week", help="ISO week, as in 2026-W43; this week by default.")
@_with_service
def preview(school: str, week: str | None, url: str, token: str, as_json: bool) -> None:
    """Shows the upload that would go now; keeps nothing."""
    document = _answer(url, token, "GET", f"/v1/schools/{school}/uploads/preview", params={"week": week} if week else {}).json()
    if as_json:
        print_json(document)
        return
    records = [
        ("record", item["change"], item["student"], f"{item['threshold'] or '-'} days", item["status"], item["crossed_on"])
        for item in document["records"]
    ]
    responses = [("response", item["change"], "", item["activity"], "", item["occurred_on"]) for item in document["responses"]]
    title = f"School {school}, week {document['week']}, upload {document['number']}"
    print_table(title, ("what", "change", "student", "threshold or activity", "status", "on"), [*records, *responses])


@upload.command()
@school_option
@click.option("--week", required=True, help="ISO week, as in 2026-W43.")
@_with_service
def run(school: str, week: str, url: str, token: str, as_json: bool) -> None:
    """Builds a week's upload now and sends it. If nothing has changed since the last one, it stays as it is."""
    answer = _answer(url, token, "POST", f"/v1/schools/{school}/uploads", json={"week": week})
    built = answer.json()
    if as_json:
        print_json(built)
        return
    news = "built" if answer.status_code == 202 else "nothing has changed since"
    counts = built["counts"]
    click.echo(f"{news}: {built['week']} upload {built['number']}, {counts['records']} records, {counts['responses']} responses")
    click.echo(f"{built['status']}{': ' + built['reason'] if built['reason'] else ''}\n{built['id']}")


@upload.command()
@school_option
@click.option("--reason", required=True, help="Why; shown to whoever looks at the uploads.")
@_with_service
def pause(school: str, reason: str, url: str, token: str, as_json: bool) -> None:
    """Stops sending uploads of a school. Its weeks are still built, and wait."""
    paused = _answer(url, token, "POST", f"/v1/schools/{school}/uploads/pause", json={"reason": reason}).json()["paused"]
    if as_json:
        print_json(paused)
    else:
        click.echo(f"paused by {paused['by']} at {local_time(paused['at'])}")


@upload.command()
@school_option
@_with_service
def resume(school: str, url: str, token: str, as_json: bool) -> None:
    """Sends a school's uploads again, those that have waited first."""
    _answer(url, token, "POST", f"/v1/schools/{school}/uploads/resume")
    if as_json:
        print_json({"resumed": school})
    else:
        click.echo("resumed")


@upload.command()
@click.argument("upload_id")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the page (PDF) to this file instead.")
@_with_service
def certificate(upload_id: str, out: Path | None, url: str, token: str, as_json: bool) -> None:
    """Shows the contents, the time and the receipt of an upload."""
    path = f"/v1/uploads/{upload_id}/certificate"
    if out is not None:
        page = _answer(url, token, "GET", path, params={"format": "pdf"}).content
        try:
            out.write_bytes(page)
        except OSError as error:
            raise UploadFailedError(f"{out} can't be written ({error.strerror})") from error
        click.echo(str(out))
        return
    document = _answer(url, token, "GET", path).json()
    if as_json:
        print_json(document)
        return
    flat = {name: value for name, value in document.items() if not isinstance(value, dict) and value is not None}
    flat |= {f"{name}, {kind}": count for name in ("counts", "changes") for kind, count in document[name].items()}
    print_table("Certificate", ("", ""), list(flat.items()))


def _answer(url: str, token: str, method: str, path: str, **request: Any) -> "httpx.Response":
    """The service's answer. Raises UploadFailedError with its own words."""
    # Imported only where it is used: `star --help` need not wait for it.
    import httpx  # noqa: PLC0415

    from deploy.patience import problem_detail  # noqa: PLC0415

    try:
        answer = httpx.request(method, url.rstrip("/") + path, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT, **request)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UploadFailedError(f"{url} can't be reached ({type(error).__name__})") from error
    if not answer.is_success:
        raise UploadFailedError(f"{answer.status_code}: {problem_detail(answer)}")
    return answer
