"""What a page offers: its forms with all their fields, and its links."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Field:
    """One control: what it holds, what it may hold, and how much."""

    name: str
    value: str = ""
    options: list[str] = field(default_factory=list)
    longest: int | None = None
    is_file: bool = False


@dataclass
class Form:
    """One form of a page, as a browser reads it."""

    action: str
    method: str
    is_multipart: bool
    fields: list[Field] = field(default_factory=list)


class PageReader(HTMLParser):
    """Read a page: `forms` and `links`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._select: Field | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in {"a", "iframe", "img"} and (target := values.get("href") or values.get("src")):
            self.links.append(target)
        elif tag == "form":
            self.forms.append(
                Form(
                    action=values.get("action", ""),
                    method=values.get("method", "get").upper(),
                    is_multipart="multipart" in values.get("enctype", ""),
                )
            )
        elif tag == "option" and self._select is not None:
            self._select.options.append(values.get("value", ""))
            if "selected" in values:
                self._select.value = values.get("value", "")
        elif tag in {"input", "textarea", "select", "button"} and self.forms:
            self._control(tag, values)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None

    def _control(self, tag: str, values: dict[str, str]) -> None:
        name = values.get("name", "")
        # The test client is exempt from the token; a browser sends it.
        if not name or name == "csrfmiddlewaretoken":
            return
        kind, value = values.get("type", tag), values.get("value", "")
        known = next((one for one in self.forms[-1].fields if one.name == name), None)
        if kind in {"radio", "checkbox", "submit"} and known is not None:
            known.options.append(value)
            return
        longest = values.get("maxlength", "")
        one = Field(
            name=name,
            value=value,
            options=[value] if kind in {"radio", "checkbox", "submit"} else [],
            longest=int(longest) if longest.isascii() and longest.isdecimal() else None,
            is_file=kind == "file",
        )
        self.forms[-1].fields.append(one)
        if tag == "select":
            self._select = one
