"""The screens for school staff, partners and operators.

The console is a *client*: it asks the four APIs over HTTP with the signed-in person's own token, so every right, every limit to groups and
every line of the audit log is where it was. In one process it asks the same apps without a network. It keeps sessions and nothing else.

Rooms, from the bottom up: `asking` (the four APIs; a part that did not come is a value), `sessions` (a row each, sealed with the cookie),
`identity` (the issuer, one-time links), `people` (who is here, and what a page needs), `frame` (layout, macros, words, the router,
refusals), `sign_in`, and `pages`, a folder each.

To add a page:

1. a line in `frame/navigation.py`: name, title, path, and what the page needs of a person;
2. a folder `pages/NAME/` with `page.py` (routes), `view.py` (pure: what the APIs answered becomes what the template shows) and `NAME.html`:

        router = PageRouter()

        @router.get("/{school}/letters", LETTERS.needs)
        async def letters(visit: VisitHere, status: str = "waiting") -> Response:
            parts = await visit.ask(
                letters=visit.apis.notifier.get(f"/v1/schools/{visit.school}/deliveries", status=status),
                summary=visit.apis.thresholds.get(f"/v1/schools/{visit.school}/summary"),
            )
            return visit.show("letters/letters.html", LETTERS, letters=letters_view(parts["letters"]), summary=parts["summary"])

   `visit.ask` asks all at once. Each answer is a `Part`: `part.data`, or None and `part.failure`, which the macro `missing(part)` shows in
   words. A form is a pydantic model: `body: Annotated[LetterForm, form(LetterForm)]`; after a change, `visit.leave(path, "Held.")`
   leads on;
3. the template extends `layout.html`, fills `{% block main %}`, and uses the macros of `macros.html` as `ui` (`frame/templates`). No inline
   style or script: the policy forbids both. A block that `visit.show(..., block="list")` names is also the answer to htmx;
4. the router in `app.py`. Tests walk the page as every role, on desktop and phone, without scripts and with axe, by its line in
   `navigation.py` (`tests/browser`).
"""
