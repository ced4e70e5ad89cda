"""Markdown as GitHub shows it: some HTML passes, the rest is stripped, nothing can escape.

What Markdown makes of a text is parsed again and written anew from a list of allowed elements and
attributes, balanced. So whatever the text holds, it cannot reach beyond its own box.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markupsafe import Markup
from typing_extensions import override

ALLOWED = frozenset({
    "a", "b", "blockquote", "br", "code", "dd", "del", "details", "dl", "dt", "em", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul", "var",
})  # fmt: skip
VOID = frozenset({"br", "hr"})
SILENT = frozenset({"script", "style", "title", "template", "noscript", "iframe", "xmp"})
"""Their content goes with them."""
SCHEMES = frozenset({"http", "https", "mailto"})
DEEPEST = 60
ALIGNED = frozenset({"text-align:left", "text-align:center", "text-align:right"})

Suggestion = Callable[[str], Markup]
"""Shows a ``suggestion`` block beside the lines that it replaces."""


def render(text: str, suggestion: Suggestion | None = None) -> Markup:
    """HTML that is safe to put into a page."""
    parser = MarkdownIt("commonmark", {"html": True, "breaks": True})
    parser.enable(["table", "strikethrough"])
    held: dict[str, Markup] = {}
    tokens = parser.parse(text)
    for token in tokens:
        if suggestion and token.type == "fence" and token.info.strip() == "suggestion":
            # A name that the text cannot know stands for the block until all else is safe.
            name = f"held-{secrets.token_hex(16)}"
            held[name] = suggestion(token.content)
            token.type, token.content, token.tag = "html_block", f"<p>{name}</p>", ""
    writer = _Writer()
    writer.feed(parser.renderer.render(tokens, parser.options, {}))
    safe = writer.finished()
    for name, block in held.items():
        safe = safe.replace(f"<p>{name}</p>", str(block))
    return Markup(safe)  # noqa: S704  # every part of it was written by _Writer or is Markup


class _Writer(HTMLParser):
    """Writes again what is allowed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._silent = 0

    def finished(self) -> str:
        self.close()
        while self._open:
            self._out.append(f"</{self._open.pop()}>")
        return "".join(self._out)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent += 1
        elif tag == "img":
            # Nothing is loaded from elsewhere: a picture is its words.
            self.handle_data(dict(attrs).get("alt") or "image")
        elif tag in ALLOWED and not self._silent and len(self._open) < DEEPEST:
            kept = "".join(_attribute(tag, name, value or "") for name, value in attrs)
            self._out.append(f"<{tag}{kept}>")
            if tag not in VOID:
                self._open.append(tag)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID or tag == "img":
            self.handle_starttag(tag, attrs)

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)
        if tag not in self._open:
            return
        while (closed := self._open.pop()) != tag:
            self._out.append(f"</{closed}>")
        self._out.append(f"</{tag}>")

    @override
    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._out.append(escape(data))


def _attribute(tag: str, name: str, value: str) -> str:
    if (tag, name) == ("a", "href"):
        return f' href="{escape(value)}" rel="nofollow noreferrer"' if safe_link(value) else ""
    if (tag, name) == ("details", "open"):
        return " open"
    if tag in ("td", "th") and name == "style" and value in ALIGNED:
        return f' style="{value}"'
    if (tag, name) == ("ol", "start") and value.isascii() and value.isdigit():
        return f' start="{value}"'
    if (tag, name) == ("code", "class") and value.startswith("language-"):
        return f' class="{escape(value)}"'
    return ""


def safe_link(url: str) -> bool:
    """Only where a link may lead: the web, mail, or a place on the same page."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme.lower() in SCHEMES
    return url.startswith(("#", "/")) and not url.startswith(("//", "/\\"))
