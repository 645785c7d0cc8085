"""Reading a page of HTML as a mail program would."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """The elements and the readable text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._in_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.words.append(data)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    @property
    def links(self) -> list[str | None]:
        return [attributes.get("href") for tag, attributes in self.elements if tag == "a"]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def run_on(self) -> str:
        """The text without a blank where one element ends and the next begins."""
        return " ".join("".join(self.words).split())
