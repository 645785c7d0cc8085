"""The OpenAPI document of a service: FastAPI's own, made whole with what the routes know of themselves.

`refusals` says which problems an operation answers, `schemas` lifts inline bodies into named schemas, `fields` has the words and examples
of fields, `document` puts all into the document.
"""
