"""`star upload`: a school's weekly uploads from the command line, through the REST API."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from deploy.cli.output import print_table

if TYPE_CHECKING:
    import httpx

TIMEOUT: Final = 60.0
NOT_DONE: Final = 2


class UploadFailedError(click.ClickException):
    """The service did not do what was asked."""

    exit_code = NOT_DONE


def _with_service(command: Callable[..., None]) -> Callable[..., None]:
    url = click.option("--url", default="http://127.0.0.1:8000/moe-sync", show_default=True, help="Where the upload's service is.")
    token = click.option("--token", required=True, envvar="STAR_TOKEN", help="A bearer token with star:read or, to act, uploads:run.")
    return url(token(command))


school_option = click.option("--school", required=True, help="The school's number.")


@click.group()
def upload() -> None:
    """Lists, previews, runs, pauses and resumes weekly uploads, and fetches their certificates."""


@upload.command("list")
@school_option
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@_with_service
def list_(school: str, limit: int, url: str, token: str) -> None:
    """The newest uploads of a school, newest first."""
    uploads = _asked(url, token, "GET", f"/v1/schools/{school}/uploads", params={"limit": limit}).json()["items"]
    columns = ("week", "no.", "status", "records", "responses", "rejected", "answered", "receipt or reason", "id")
    rows = [
        (
            one["week"],
            one["number"],
            one["status"] + (" (outcome unknown)" if one["outcome_unknown"] else ""),
            one["counts"]["records"],
            one["counts"]["responses"],
            one["rejected"],
            one["sent_at"] or "",
            one["receipt"] or one["reason"] or "",
            one["id"],
        )
        for one in uploads
    ]
    print_table(f"Uploads of school {school}", columns, rows)


@upload.command()
@_with_service
def status(url: str, token: str) -> None:
    """How uploads are going: who schedules, what is late, what waits."""
    said = _asked(url, token, "GET", "/v1/upload-status").json()
    leader = said["leader"]
    rows = [
        ("scheduled by", f"{leader['host']} since {leader['since']}" if leader else "nobody at this moment"),
        ("windows overdue", said["windows_overdue"]),
        ("uploads pending", said["pending"]),
        ("uploads being sent", said["sending"]),
        ("of those, outcome unknown", said["outcome_unknown"]),
        ("ways set up", ", ".join(said["adapters"])),
        ("way of schools that chose none", said["default_adapter"]),
    ]
    print_table("Weekly uploads", ("", ""), rows)


@upload.command()
@school_option
@click.option("--week", help="ISO week, as in 2026-W43; the running one by default.")
@_with_service
def preview(school: str, week: str | None, url: str, token: str) -> None:
    """Shows the upload that would go now; keeps nothing."""
    document = _asked(url, token, "GET", f"/v1/schools/{school}/uploads/preview", params={"week": week} if week else {}).json()
    records = [
        ("record", one["change"], one["student"], f"{one['threshold'] or '-'} days", one["status"], one["crossed_on"])
        for one in document["records"]
    ]
    responses = [("response", one["change"], "", one["activity"], "", one["occurred_on"]) for one in document["responses"]]
    title = f"School {school}, week {document['week']}, upload {document['number']}"
    print_table(title, ("what", "change", "student", "threshold or activity", "status", "on"), [*records, *responses])


@upload.command()
@school_option
@click.option("--week", required=True, help="ISO week, as in 2026-W43.")
@_with_service
def run(school: str, week: str, url: str, token: str) -> None:
    """Builds a week's upload now and sends it; a week that has said it all stays as it is."""
    answer = _asked(url, token, "POST", f"/v1/schools/{school}/uploads", json={"week": week})
    said = answer.json()
    news = "built" if answer.status_code == 202 else "nothing has changed since"
    counts = said["counts"]
    click.echo(f"{news}: {said['week']} upload {said['number']}, {counts['records']} records, {counts['responses']} responses")
    click.echo(f"{said['status']}{': ' + said['reason'] if said['reason'] else ''}\n{said['id']}")


@upload.command()
@school_option
@click.option("--reason", required=True, help="Why; shown to whoever looks at the uploads.")
@_with_service
def pause(school: str, reason: str, url: str, token: str) -> None:
    """Sends nothing of a school for now; its weeks are still built, and wait."""
    paused = _asked(url, token, "POST", f"/v1/schools/{school}/uploads/pause", json={"reason": reason}).json()["paused"]
    click.echo(f"paused by {paused['by']} at {paused['at']}")


@upload.command()
@school_option
@_with_service
def resume(school: str, url: str, token: str) -> None:
    """Sends what has waited, in order."""
    _asked(url, token, "POST", f"/v1/schools/{school}/uploads/resume")
    click.echo("resumed")


@upload.command()
@click.argument("upload_id")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the page (PDF) to this file instead.")
@_with_service
def certificate(upload_id: str, out: Path | None, url: str, token: str) -> None:
    """Shows the contents, the time and the receipt of an upload."""
    path = f"/v1/uploads/{upload_id}/certificate"
    if out is not None:
        page = _asked(url, token, "GET", path, params={"format": "pdf"}).content
        try:
            out.write_bytes(page)
        except OSError as error:
            raise UploadFailedError(f"{out} can't be written ({error.strerror})") from error
        click.echo(str(out))
        return
    said = _asked(url, token, "GET", path).json()
    flat = {name: value for name, value in said.items() if not isinstance(value, dict) and value is not None}
    flat |= {f"{name}, {kind}": count for name in ("counts", "changes") for kind, count in said[name].items()}
    print_table("Certificate", ("", ""), list(flat.items()))


def _asked(url: str, token: str, method: str, path: str, **request: Any) -> "httpx.Response":
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
