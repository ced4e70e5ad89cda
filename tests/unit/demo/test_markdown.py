"""Markdown as GitHub shows it; nothing gets out of its box."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from typing_extensions import override

from bot.demo.markdown import ALLOWED, VOID, render, safe_link

PIECES = st.sampled_from([
    "<details>", "</details>", "<summary>", "</summary>", "<script>", "</script>", "<b>", "</b>",
    "</div>", "</main>", "</article>", "<img src=x onerror=y>", "<!--", "-->",
    "<a href='javascript:x'>", "</a>", "<table>", "<tr>", "</table>", "`", "```\n", "**", "text",
    "\n", "\n\n", "> ", "- ", "|", "<", "&lt;", '"', "'", "<style>", "<iframe>", "<![CDATA[", "]]>",
    "<?", "<p", "\x00", "held-", "| a |\n|---|\n",
])  # fmt: skip


class Reader(HTMLParser):
    """Refuses what is not allowed or not balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment got through: {data!r}")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@given(st.lists(PIECES, max_size=25).map("".join))
def test_whatever_is_written_is_balanced_and_allowed(text: str) -> None:
    for tag, name, value in read(render(text)).attributes:
        assert (tag, name) in {
            ("a", "href"), ("a", "rel"), ("details", "open"), ("th", "style"), ("td", "style"),
            ("ol", "start"), ("code", "class"),
        }  # fmt: skip
        assert "javascript" not in value


@given(st.text(max_size=200))
def test_any_text_is_safe(text: str) -> None:
    read(render(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** and `code`", "<p><strong>bold</strong> and <code>code</code></p>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("<sub>small</sub>", "<p><sub>small</sub></p>"),
        ("seen <!-- harness:1 kind=x --> not", "<p>seen  not</p>"),
        ("<!-- harness:1 -->", ""),
        ("<script>alert(1)</script>", ""),
        ("![cat](http://evil.example/cat.png)", "<p>cat</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("<a href='data:text/html,x'>y</a>", "<p><a>y</a></p>"),
        ("~~gone~~", "<p><s>gone</s></p>"),
    ],
)
def test_what_people_write(text: str, shown: str) -> None:
    assert render(text).strip() == shown


def test_folds_hold_markdown() -> None:
    html = render("<details><summary>Why</summary>\n\n**ruff**: `x`\n\n</details>\n\nafter")
    assert re.sub(r"\s+", "", html) == (
        "<details><summary>Why</summary><p><strong>ruff</strong>:<code>x</code></p></details>"
        "<p>after</p>"
    )


def test_tables() -> None:
    html = render("| a | b |\n|---|---:|\n| 1 | 2 |")
    assert '<td style="text-align:right">2</td>' in html


def test_a_suggestion_is_handed_on_and_nothing_else_is() -> None:
    def show(text: str) -> Markup:
        return Markup("<div class='mine'>{}</div>").format(text)

    html = render("```suggestion\n<b>x</b>\n```\n\n```python\ny\n```", show)
    assert "<div class='mine'>&lt;b&gt;x&lt;/b&gt;\n</div>" in html
    assert '<pre><code class="language-python">y\n</code></pre>' in html
    assert "mine" not in render("```suggestion\nx\n```")


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.com/x", True), ("/runs/1", True), ("#top", True), ("mailto:a@b.c", True),
        ("//evil.example", False), ("/\\evil.example", False), ("javascript:x", False),
        ("JaVaScRiPt:x", False), (" javascript:x", False), ("data:text/html,x", False),
        ("http://[", False), ("relative", False),
    ],
)  # fmt: skip
def test_links(url: str, safe: bool) -> None:
    assert safe_link(url) is safe
