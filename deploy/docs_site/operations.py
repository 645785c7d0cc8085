"""The pages of the APIs, generated from their OpenAPI documents: what people look up, in one place with the rest. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

METHODS: Final = ("get", "put", "post", "patch", "delete")
TITLES: Final = {"ingest": "Ingest", "thresholds": "Thresholds", "notifier": "Notifier", "moe-sync": "MoE sync"}


def pages(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """A page a service, and the one that lists them, by their path in the site."""
    found = {f"reference/api/{service}": "\n".join(_page(service, document)) for service, document in documents.items()}
    return found | {"reference/api/index": "\n".join(_index(documents))}


def _index(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "# The APIs\n"
    yield "Each service has its own document, at `/openapi.json`, with a page to try it out, at `/docs`."
    yield "In one process the services lie under their names: `/ingest/openapi.json`.\n"
    yield "```{toctree}\n:maxdepth: 1\n"
    yield from documents
    yield "```"


def _page(service: str, document: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {TITLES.get(service, service)}\n"
    if summary := document["info"].get("summary"):
        yield f"{summary}\n"
    for tag, operations in _by_tag(document).items():
        yield f"## {tag[:1].upper()}{tag[1:]}\n"
        for method, path, operation in operations:
            yield from _operation(method, path, operation)


def _by_tag(document: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    tagged: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = defaultdict(list)
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                tagged[(item[method].get("tags") or ["other"])[0]].append((method, path, item[method]))
    return dict(sorted(tagged.items()))


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`\n"
    yield f"**{operation.get('summary', '')}**\n"
    if description := operation.get("description"):
        yield f"{description}\n"
    if parameters := [parameter for parameter in operation.get("parameters", []) if parameter["in"] != "header"]:
        yield "| parameter | in | description |\n|---|---|---|"
        yield from map(_parameter, parameters)
        yield ""
    if body := operation.get("requestBody"):
        kinds = ", ".join(f"`{media}`{_schema(content)}" for media, content in body["content"].items())
        yield f"Body: {kinds}\n"
    answers = operation.get("responses", {})
    yield "| answer | |\n|---|---|"
    yield from (f"| {status} | {_cell(answer.get('description', ''))}{_shown(answer)} |" for status, answer in sorted(answers.items()))
    yield ""


def _parameter(parameter: Mapping[str, Any]) -> str:
    optional = "" if parameter.get("required") else " (optional)"
    return f"| `{parameter['name']}`{optional} | {parameter['in']} | {_cell(_words(parameter))} |"


def _words(parameter: Mapping[str, Any]) -> str:
    return str(parameter.get("description") or parameter.get("schema", {}).get("description") or "")


def _shown(answer: Mapping[str, Any]) -> str:
    schemas = [_schema(content) for media, content in answer.get("content", {}).items() if "problem" not in media]
    return next((schema for schema in schemas if schema), "")


def _schema(content: Mapping[str, Any]) -> str:
    reference = content.get("schema", {}).get("$ref", "")
    return f" ({reference.rpartition('/')[2]})" if reference else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
