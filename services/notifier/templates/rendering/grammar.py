"""The grammar of a template: a list of allowed nodes. Everything else is refused, before any of it is compiled."""

from collections.abc import Mapping
from typing import Final

from jinja2 import nodes

from services.notifier.templates.rendering.faults import Part, TemplateFaultError, fault_in
from services.notifier.templates.rendering.variables import KINDS, Kind

DEEPEST: Final = 24

TEXT_FILTERS: Final = frozenset({"upper", "lower"})
JOIN: Final = "join"

_NAMES: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Call: "a call",
    nodes.Getattr: "an attribute",
    nodes.Getitem: "an index",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.Macro: "macro",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.With: "with",
    nodes.FilterBlock: "filter",
    nodes.Test: "is",
    nodes.Compare: "a comparison",
    nodes.BinExpr: "a calculation",
    nodes.Concat: "~",
    nodes.UnaryExpr: "a sign",
}


class Grammar:
    """Walks a parsed template."""

    def __init__(self, source: str, part: Part, kinds: Mapping[str, Kind] = KINDS) -> None:
        self._kinds = kinds
        self._source = source
        self._part = part

    def check(self, tree: nodes.Template) -> None:
        """Raises TemplateFaultError at the first thing that is not allowed."""
        self._depth(tree)
        self._body(tree.body, dict(self._kinds), in_loop=False)

    def _depth(self, tree: nodes.Node) -> None:
        # Without recursion, so that what follows can recurse.
        level, depth = [tree], 0
        while level:
            depth += 1
            if depth > DEEPEST:
                raise self._fault(level[0], "nested too deeply")
            level = [child for node in level for child in node.iter_child_nodes()]

    def _body(self, body: list[nodes.Node], names: Mapping[str, Kind], *, in_loop: bool) -> None:
        for node in body:
            match node:
                case nodes.Output():
                    for child in node.nodes:
                        self._printed(child, names)
                case nodes.If():
                    self._kind(node.test, names)
                    self._body(node.body, names, in_loop=in_loop)
                    self._body(list(node.elif_), names, in_loop=in_loop)
                    self._body(node.else_, names, in_loop=in_loop)
                case nodes.For():
                    self._loop(node, names, in_loop=in_loop)
                case _:
                    raise self._refused(node)

    def _loop(self, node: nodes.For, names: Mapping[str, Kind], *, in_loop: bool) -> None:
        if in_loop:
            raise self._fault(node, "a loop within a loop")
        if node.recursive or node.test is not None or not isinstance(node.target, nodes.Name):
            raise self._fault(node, "a loop is written {% for line in absence_lines %}")
        if not isinstance(node.iter, nodes.Name) or self._kind(node.iter, names) != "list":
            raise self._fault(node, "a loop runs over absence_lines only")
        self._body(node.body, {**names, node.target.name: "text"}, in_loop=True)
        self._body(node.else_, names, in_loop=in_loop)

    def _printed(self, node: nodes.Node, names: Mapping[str, Kind]) -> None:
        if isinstance(node, nodes.TemplateData):
            return
        kind = self._kind(node, names)
        if kind == "list":
            raise self._fault(node, "a list: print it with a loop, or as {{ absence_lines | join(', ') }}")
        if kind == "flag":
            raise self._fault(node, "yes or no: it can be asked for with {% if %}, and not printed")

    def _kind(self, node: nodes.Node, names: Mapping[str, Kind]) -> Kind:
        match node:
            case nodes.Name():
                if node.name not in names:
                    raise self._fault(node, f"there is no variable {node.name}", node.name)
                return names[node.name]
            case nodes.Const() if isinstance(node.value, str):
                return "text"
            case nodes.Not():
                self._kind(node.node, names)
                return "flag"
            case nodes.And() | nodes.Or():
                return self._common(node.left, node.right, names)
            case nodes.CondExpr():
                self._kind(node.test, names)
                if node.expr2 is None:
                    raise self._fault(node, "an if within {{ }} needs an else")
                return self._common(node.expr1, node.expr2, names)
            case nodes.Filter():
                return self._filter(node, names)
        raise self._refused(node)

    def _common(self, one: nodes.Node, other: nodes.Node, names: Mapping[str, Kind]) -> Kind:
        kinds = {self._kind(one, names), self._kind(other, names)}
        return kinds.pop() if len(kinds) == 1 else "flag"

    def _filter(self, node: nodes.Filter, names: Mapping[str, Kind]) -> Kind:
        plain = not node.kwargs and node.dyn_args is None and node.dyn_kwargs is None
        kind = self._kind(node.node, names) if node.node is not None else None
        if node.name in TEXT_FILTERS and plain and not node.args and kind == "text":
            return "text"
        quoted = all(isinstance(arg, nodes.Const) and isinstance(arg.value, str) for arg in node.args)
        if node.name == JOIN and plain and len(node.args) <= 1 and quoted and kind == "list":
            return "text"
        raise self._fault(
            node, f"the filter {node.name} is not for this: there are upper and lower for text, and join for a list", node.name
        )

    def _refused(self, node: nodes.Node) -> TemplateFaultError:
        for class_, name in _NAMES.items():
            if isinstance(node, class_):
                return self._fault(node, f"{name} has no place in a letter", name)
        return self._fault(node, "only variables, if and for have a place in a letter")

    def _fault(self, node: nodes.Node, reason: str, word: str | None = None) -> TemplateFaultError:
        return fault_in(self._source, self._part, node.lineno or 1, word, reason)
