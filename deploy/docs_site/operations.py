"""The pages of the APIs, generated from their OpenAPI documents: what people look up, in one place with the rest. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from deploy.docs_site.shapes import cell, page_of, shapes_page, type_of

METHODS: Final = ("get", "put", "post", "patch", "delete")
TITLES: Final = {"ingest": "Ingest", "thresholds": "Thresholds", "notifier": "Notifier", "moe-sync": "MoE sync"}

Document = Mapping[str, Any]


def pages(documents: Mapping[str, Document]) -> dict[str, str]:
    """For each service a page of its operations and one of its schemas, and the page that lists them, by their path in the site."""
    found = {"reference/api/index": "\n".join(_index(documents))}
    for service, document in documents.items():
        found[f"reference/api/{service}"] = "\n".join(_page(service, document))
        shapes = shapes_page(TITLES[service], service, document["components"]["schemas"])
        found[f"reference/api/{page_of(service)}"] = "\n".join(shapes)
    return found


def _index(documents: Mapping[str, Document]) -> Iterator[str]:
    yield "# The APIs\n"
    yield "Each service has its own document, at `/openapi.json`, with a page to try it out, at `/docs`."
    yield "In one process the services lie under their names: `/ingest/openapi.json`.\n"
    yield "```{toctree}\n:maxdepth: 1\n"
    for service in documents:
        yield from (service, page_of(service))
    yield "```"


def _page(service: str, document: Document) -> Iterator[str]:
    yield f"# {TITLES[service]}\n"
    yield f"{document['info']['summary']}. The shapes of bodies and answers are among the [schemas]({page_of(service)}.md).\n"
    words = {tag["name"]: tag["description"] for tag in document["tags"]}
    for tag, operations in _by_tag(document).items():
        yield f"## {tag[:1].upper()}{tag[1:]}\n"
        yield f"{words[tag]}\n"
        for method, path, operation in operations:
            yield from _operation(method, path, operation, page_of(service))


def _by_tag(document: Document) -> dict[str, list[tuple[str, str, Document]]]:
    tagged: dict[str, list[tuple[str, str, Document]]] = defaultdict(list)
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                tagged[item[method]["tags"][0]].append((method, path, item[method]))
    return {tag["name"]: tagged[tag["name"]] for tag in document["tags"] if tag["name"] in tagged}


def _operation(method: str, path: str, operation: Document, schemas: str) -> Iterator[str]:
    yield f"### {operation['summary'].rstrip('.')}\n"
    retiring = ", deprecated" if operation.get("deprecated") else ""
    yield f"`{method.upper()} {path}`, operation `{operation['operationId']}`{retiring}\n"
    yield f"{operation['description']}\n"
    if parameters := [parameter for parameter in operation.get("parameters", []) if parameter["in"] != "header"]:
        yield "| parameter | in | type | description |\n|---|---|---|---|"
        yield from (_parameter(parameter, schemas) for parameter in parameters)
        yield ""
    if body := operation.get("requestBody"):
        yield f"Body: {', '.join(_content(body['content'], schemas))}\n"
    yield "| answer | body | |\n|---|---|---|"
    for status, answer in sorted(operation["responses"].items()):
        yield f"| {status} | {', '.join(_content(answer.get('content', {}), schemas))} | {cell(answer['description'])} |"
    yield ""


def _parameter(parameter: Document, schemas: str) -> str:
    optional = "" if parameter.get("required") else " (optional)"
    words = parameter.get("description") or parameter["schema"].get("description", "")
    return f"| `{parameter['name']}`{optional} | {parameter['in']} | {type_of(parameter['schema'], schemas)} | {cell(words)} |"


def _content(content: Document, schemas: str) -> Iterator[str]:
    """Each kind of a body: a name or a type where it is JSON, else its media type."""
    for media, kind in content.items():
        shape = kind.get("schema", {})
        yield type_of(shape, schemas) if media.endswith("json") and shape else f"`{media}`"
