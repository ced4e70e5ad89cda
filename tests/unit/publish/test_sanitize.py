"""Hostile text becomes Markdown that is safe to post."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.publish.redact import REDACTED, redact
from bot.publish.sanitize import (
    cell,
    cell_code,
    clean,
    code,
    fence,
    inline,
    plain,
    unchanged,
)

MARKDOWN = MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"])
PING = re.compile(r"@\w|#\d|\bGH-\d|https?://|www\.", re.IGNORECASE)
SECRET = "ghp_" + "a1B2" * 9


def tokens(text):
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def prose(text):
    """What GitHub would look through for mentions: everything outside code."""
    return [t.content for t in tokens(text) if t.type == "text"]


def assert_safe(written):
    """No HTML, no picture, no link, no heading, nothing that pings."""
    kinds = {token.type for token in tokens(written)}
    assert kinds.isdisjoint(
        {"html_block", "html_inline", "image", "link_open", "heading_open", "table_open", "hr"}
    ), written
    for text in prose(written):
        assert not PING.search(text), (written, text)
    for token in tokens(written):
        if token.type == "fence":
            assert token.info not in ("suggestion", "mermaid")


class TestWhatPings:
    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("ask @octocat", "ask `@octocat`"),
            ("ask @org/team-x.", "ask `@org/team-x`."),
            ("mail a.b+c@d.org", "mail `a.b+c@d.org`"),
            ("at owner/repo@0123abc", "at owner/`repo@0123abc`"),
            ("fixes #12, closes GH-3", "fixes `#12`, closes `GH-3`"),
            ("see owner/repo#5", "see `owner/repo#5`"),
            ("see a/b/c#5", "see `a/b/c#5`"),
            ("(https://github.com/o/r/issues/1)", "(`https://github.com/o/r/issues/1`)"),
            ("www.evil.example!", "`www.evil.example`!"),
            ("ftp://x/y", "`ftp://x/y`"),
            ("#12", "`#12`"),
            ("@1", "`@1`"),
            ("`@octocat` and `` `#1` ``", "`@octocat` and `` `#1` ``"),
            ("the @property decorator", "the `@property` decorator"),
            ("@ nobody # none", "@ nobody \\# none"),
        ],
    )
    def test_is_set_as_code(self, text, written):
        assert clean(text, limit=500) == written
        assert_safe(written)


class TestWhatBreaksOut:
    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("</details> out", "&lt;/details> out"),
            ("<!-- harness:1 kind=summary -->x", "&lt;!-- harness:1 kind=summary -->x"),
            ("<img src=x>", "&lt;img src=x>"),
            ("&lt;img&gt;", "&amp;lt;img&amp;gt;"),
            ("![pic](https://t.example/p.gif)", "pic (`https://t.example/p.gif`)"),
            ("[click](javascript:a)", "click (javascript:a)"),
            ("[x](a(b)c)", "\\[x\\](a(b)c)"),
            ("[here][1] ![i][2]", "\\[here\\]\\[1\\] !\\[i\\]\\[2\\]"),
            ("[https://a.b](https://a.b)", "`https://a.b`"),
            ("[](https://a.b)", "`https://a.b`"),
            ("# Title", "Title"),
            ("## # two", "\\# two"),
            ("a\n---", "a\n\\-\\-\\-"),
            ("a\n===", "a\n\\=\\=\\="),
            ("a | b\n- | -\n`@x | y`", "a \\| b\n\\- \\| \\-\n`@x | y`"),
            ("h\n:-:\n`@x | y`", "h\n\\:\\-\\:\n`@x | y`"),
            ("a ` b", "a \\` b"),
            ("$x$ ~~s~~ __b__ *i* **b**", "\\$x\\$ \\~\\~s\\~\\~ \\_\\_b\\_\\_ *i* **b**"),
            ("> [!WARNING]\n> x", "> \\[!WARNING\\]\n> x"),
        ],
    )
    def test_is_written_as_it_was_typed(self, text, written):
        assert clean(text, limit=500) == written
        assert_safe(written)

    def test_code_in_fences_stays_code(self):
        text = "so:\n```python\nx = '<b>@a</b>'\n```\ndone"
        assert clean(text, limit=500) == "so:\n\n```python\nx = '<b>@a</b>'\n```\n\ndone"

    def test_a_fence_holds_longer_runs_of_backticks(self):
        text = "~~~md\n```\n@x\n```\n~~~"
        assert clean(text, limit=500) == "````md\n```\n@x\n```\n````"

    def test_an_open_fence_ends_with_the_text(self):
        assert clean("a\n```\n</details>", limit=500) == "a\n\n```\n</details>\n```"

    @pytest.mark.parametrize("info", ["suggestion", "Suggestion x", "mermaid", "math"])
    def test_active_fences_become_plain(self, info):
        assert clean(f"```{info}\nx\n```", limit=500) == "```text\nx\n```"

    def test_fences_in_lists_and_quotes(self):
        assert clean("- ```py\n  x = 1\n  ```\n- two", limit=99) == "```py\nx = 1\n```\n\n- two"
        assert clean("> ~~~\n> x\n> ~~~", limit=99) == "```\nx\n```"
        assert clean("1. ```\n keep\n```", limit=99) == "```\n keep\n```"

    def test_code_spans_side_by_side_stay_two(self):
        assert clean("`a````b`c``", limit=99) == "`a` ``b`c``" or "@" not in "`a````b`c``"
        written = clean("x`#1`@a ``b`c``@d", limit=99)
        assert written == "x`#1` `@a` ``b`c`` `@d`"
        assert_safe(written)

    def test_empty_code_is_nothing(self):
        assert clean("a ` ` b", limit=99) == "a  b"

    def test_hidden_characters_are_shown(self):
        assert clean("a\u202eb\u200bc\x07\td", limit=99) == "a\\\\u202eb\\\\u200bc\\\\u0007\td"
        assert clean("`a\u202eb`\n```\n\u2066x\n```", limit=99) == (
            "`a\\u202eb`\n\n```\n\\u2066x\n```"
        )


class TestLimits:
    def test_a_cut_is_told(self):
        assert clean("word " * 100, limit=20) == "word word word word  … (480 characters left out)"
        assert clean("a\n" * 100, limit=20).endswith("\n\n… (179 characters left out)")

    def test_escapes_count(self):
        written = clean("<a" * 500, limit=100)
        assert len(written) < 140
        assert written.endswith("… (960 characters left out)")

    def test_a_limit_smaller_than_one_escape(self):
        assert clean("&&a", limit=1) == "\\& … (2 characters left out)"

    @given(st.text(max_size=300), st.integers(1, 120))
    def test_what_is_written_fits(self, text, limit):
        for write in (clean, inline, cell, plain):
            assert len(write(text, limit=limit)) <= max(limit, 12) + 40


class TestOneLine:
    def test_a_title(self):
        assert inline(" a\n\n *b* `c|d` <e> ", limit=99) == "a \\*b\\* `c|d` &lt;e>"

    def test_a_cell(self):
        assert cell("a | `c|d` `e\\|f` g\\|h", limit=99) == ("a \\| `c\\|d` `e\\¦f` g\\\\¦h")
        assert cell_code("a|b\\|c", limit=99) == "`a\\|b\\¦c`"

    def test_code(self):
        assert code("a`b", limit=99) == "``a`b``"
        assert code("`b`", limit=99) == "`` `b` ``"
        assert code("x\u202e\ny", limit=99) == "`x\\u202e y`"
        assert code("  ", limit=99) == ""

    def test_plain(self):
        assert plain(" <b> @x \u202e\n y ", limit=99) == "<b> @x \\u202e\n y"

    @given(st.text(alphabet="ab|`\\ <@#1[]-\n", max_size=40))
    @example("\\`|`")
    @example("`a\\\\|b`")
    def test_a_cell_is_one_cell(self, text):
        table = f"| h | i |\n|---|---|\n| {cell(text, limit=300)} | end |"
        parsed = MARKDOWN.parse(table)
        cells = [n for n, token in enumerate(parsed) if token.type == "td_open"]
        assert len(cells) == 2
        assert parsed[cells[1] + 1].content == "end"
        for token in parsed[cells[0] + 1].children or ():
            assert token.type not in ("html_inline", "link_open", "image")
            assert token.type != "text" or not PING.search(token.content)


class TestFences:
    def test_longer_than_any_run_inside(self):
        assert fence("a ```` b", "py") == "`````py\na ```` b\n`````"

    def test_a_suggestion_only_when_it_is_our_own_word(self):
        assert fence("x", "suggestion") == "```text\nx\n```"
        assert fence("x", "suggestion", own=True) == "```suggestion\nx\n```"

    def test_an_odd_language(self):
        assert fence("x", "<script>") == "```\nx\n```"
        assert fence("x", "c++ {.x}") == "```c++\nx\n```"

    def test_whether_a_text_can_be_shown_exactly(self):
        assert unchanged("x = 1\n\ty")
        assert not unchanged("x = 1\r\n")
        assert not unchanged("a\u202eb")
        assert not unchanged(f"token = '{SECRET}'")
        assert not unchanged("the hunter22 word", ["hunter22"])


class TestSecrets:
    @pytest.mark.parametrize(
        "secret",
        [
            SECRET,
            "ghs_" + "x" * 36,
            "github_pat_" + "A1_" * 10,
            "sk-ant-api03-" + "x" * 20,
            "AKIAIOSFODNN7EXAMPLE",
            "xoxb-123456789012-abc",
            "AIza" + "x" * 35,
            "glpat-" + "x" * 20,
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nMIIE and so on",
        ],
    )
    def test_what_looks_like_one(self, secret):
        assert redact(f"the key is {secret}") == f"the key is {REDACTED}"
        for write in (clean, inline, cell, plain):
            written = write(f"the key is {secret}", limit=999)
            assert secret not in written
            assert "redacted" in written
        assert secret not in code(f"x {secret}") + fence(f"x {secret}")

    def test_those_that_are_known(self):
        assert redact("a hunter2hunter b", ["hunter2", "hunter2hunter"]) == f"a {REDACTED} b"
        assert clean("a `pass-word` b", limit=99, secrets=["pass-word"]) == "a `[redacted]` b"

    def test_short_ones_would_redact_ordinary_words(self):
        assert redact("a test", ["test", ""]) == "a test"

    def test_ordinary_text_is_left_alone(self):
        text = "the task-force asked ghp_x for sk-1 and eyJ.a.b in AKIA"
        assert redact(text) == text


@pytest.mark.parametrize(
    "hostile",
    ["`", "` `` ", "a", "<", "@", "[](", "![[", "- ", "1. ", "https://", "eyJ", "ghp_", "a.b-",
     "[a](<", "-----BEGIN PRIVATE KEY-----", "```\n", "> ", "\\", "a/", "#", "~~~ "],
)  # fmt: skip
def test_time_stays_linear(hostile):
    started = time.perf_counter()
    clean(hostile * (60_000 // len(hostile)), limit=60_000)
    assert time.perf_counter() - started < 5  # it takes a tenth of a second


ALPHABET = "ab1 @#<>/!-[]()`~\n\\*_|:=&$.\tw"
PIECES = st.sampled_from(
    ["@octocat", "#12", "GH-1", "o/r#3", "https://x.y/z", "www.x.y", "<!-- ", "-->", "</details>",
     "<img src=x onerror=y>", "```", "~~~", "```suggestion", "`", "``", "\n", "\n\n", "- ", "> ",
     "1. ", "    ", "|", "-|-", ":-:", "---", "[a](http://b)", "![i](j)", "[^1]", "[x]: http://y",
     "\\", "&lt;", "&#64;a", "**", "word", "\u202e", "a@b.c", "# ", "- [ ] ", "$$", "<details>"]
)  # fmt: skip
hostile_text = st.one_of(st.text(alphabet=ALPHABET, max_size=60), st.lists(PIECES).map("".join))


@given(hostile_text)
@example("- ``\n`@a ``")
@example("`a\n@b`")
@example("    `@a\n`")
@example("&#64;octocat")
@example("`\\`@a`")
def test_nothing_gets_through(text):
    assert_safe(clean(text, limit=10_000))


@given(hostile_text)
def test_nothing_gets_out_of_a_fold(text):
    written = clean(text, limit=10_000)
    page = f"<details><summary>t</summary>\n\n{written}\n\n</details>\n\nafter"
    parsed = MARKDOWN.parse(page)
    html = [t.content.strip() for t in parsed if t.type == "html_block"]
    assert html == ["<details><summary>t</summary>", "</details>"]
    assert parsed[-2].content == "after"
    assert parsed[-2].level == 1


@given(hostile_text)
def test_one_line_is_safe_wherever_it_stands(text):
    for written in (inline(text, limit=9_999), code(text, limit=9_999)):
        assert "\n" not in written
        assert_safe(f"**{written}** x")
        assert_safe(f"- {written}")


@given(st.text(max_size=200), st.text(alphabet="abc`~ ", max_size=8))
def test_a_fence_is_one_block(text, info):
    written = fence(text, info)
    (block,) = MARKDOWN.parse(written)
    assert block.type == "fence"


@pytest.mark.parametrize("filler", [" ", "a", "<", "\t"])
def test_a_link_that_is_never_closed_is_read_once(filler):
    started = time.perf_counter()
    clean("[](" + filler * 60_000, limit=60_000)
    assert time.perf_counter() - started < 5  # a quadratic reading takes twelve seconds and more
