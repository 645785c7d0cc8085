"""The language of letter templates: a small part of Jinja that can print values, choose and repeat, and nothing else.

Allowed nodes are listed; everything else is refused before any of it is compiled, as Jinja computes constants while it compiles. So
no template can reach into an object, call anything, or compute for long: a loop runs over one of our own short lists, loops do not nest,
and the output is bounded.
"""

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Template, TemplateError, TemplateSyntaxError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifier.templates.rendering.faults import Part, fault_in
from services.notifier.templates.rendering.grammar import JOIN, TEXT_FILTERS, Grammar
from services.notifier.templates.rendering.markup import escaped
from services.notifier.templates.rendering.variables import KINDS, Kind, Values

LONGEST: Final[Mapping[Part, int]] = {"subject": 300, "body": 10_000}
LONGEST_OUTPUT: Final = 40_000
"""Characters; four times the longest template, which is itself some pages."""


class _Missing(Undefined):
    """An optional variable that is empty now: it can be asked for, and not printed."""

    __slots__ = ()
    __str__ = __iter__ = __len__ = Undefined._fail_with_undefined_error


class TemplateLanguage:
    """Checks, compiles and fills templates."""

    def __init__(self) -> None:
        self._environments = {"subject": _environment(_as_is), "body": _environment(_as_text)}

    def compile(self, source: str, part: Part, kinds: Mapping[str, Kind] = KINDS) -> Template:
        """The template, ready to be filled with values of these kinds. Raises TemplateFaultError."""
        if len(source) > LONGEST[part]:
            raise fault_in(source, part, 1, None, f"longer than {LONGEST[part]} characters")
        environment = self._environments[part]
        try:
            tree = environment.parse(source)
            Grammar(source, part, kinds).check(tree)
            return environment.from_string(tree)
        except TemplateSyntaxError as error:
            raise fault_in(source, part, error.lineno, None, error.message or "not understood") from error
        except RecursionError as error:
            raise fault_in(source, part, 1, None, "nested too deeply") from error

    def fill(self, template: Template, values: Values) -> str:
        """The text with values in their places. Raises jinja2.TemplateError for a value that is missing, or too long a text."""
        length, chunks = 0, []
        # What is left out is _Missing, which a condition can ask for.
        for chunk in template.generate({name: value for name, value in values.items() if value is not None}):
            length += len(chunk)
            if length > LONGEST_OUTPUT:
                raise TemplateError(f"longer than {LONGEST_OUTPUT} characters when filled")
            chunks.append(chunk)
        return "".join(chunks)


def _environment(finalize: Any) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        # Values are made harmless by `finalize`, for the markup that they are put into; HTML is made of the result, and escapes it.
        autoescape=False,
        finalize=finalize,
        undefined=_Missing,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters = {name: environment.filters[name] for name in (*TEXT_FILTERS, JOIN)}
    environment.tests = {}
    environment.globals = {}
    return environment


def _as_is(value: object) -> object:
    return value


def _as_text(value: object) -> object:
    return escaped(value) if isinstance(value, str) else value
