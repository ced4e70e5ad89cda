"""The pages: what people see, and that nothing hostile becomes part of them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import httpx
from typing_extensions import override

from bot.demo import EmbeddedGitHub
from bot.demo.state import Pull, Repository
from tests.integration.demo.conftest import App
from tests.integration.demo.test_reviews import on, post_review

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*191}}</title></textarea>"


class Page(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    @override
    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def check(self) -> None:
        """No code, nothing from elsewhere."""
        assert not {"script", "img", "iframe", "object", "link", "form"} & set(self.tags)
        for tag, name, value in self.attributes:
            assert not name.startswith("on"), (tag, name)
            if name == "href":
                assert value.startswith(("/", "#", "http://", "https://")), value
            assert name != "src"


async def open_page(github: EmbeddedGitHub, path: str) -> Page:
    async with httpx.AsyncClient(base_url=github.url, trust_env=False) as http:
        answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    page = Page(answer.text)
    page.check()
    return page


async def check_run(app: App, repo: Repository, pull: Pull, **more: Any) -> int:
    body = {"name": "harness", "head_sha": pull.head_sha, **more}
    answer = await app.call("POST", "/check-runs", body, repo=repo)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["id"]
    return number


async def test_the_page_shows_the_whole_pull_request(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull
) -> None:
    said = "**Found** it\n\n```suggestion\nbetter 5\n```\n\n<details>\n\nWhy\n\n</details>"
    await post_review(app, repo, on("app.py", 5, body=said), body="One new issue.")
    await app.call("POST", "/issues/1/comments", {"body": "### Summary <!-- hidden -->"}, repo=repo)
    mark = {
        "path": "app.py", "start_line": 30, "end_line": 30, "annotation_level": "failure",
        "message": "marked", "title": "rule",
    }  # fmt: skip
    number = await check_run(
        app, repo, pull, conclusion="failure", details_url="http://127.0.0.1:1/runs/r-1",
        output={"title": "1 to fix", "summary": "**bold**", "annotations": [mark]},
    )  # fmt: skip
    page = await open_page(github, "/acme/shop/pull/1")
    for words in (
        "A feature", "Open", "mira wants to merge into main from feature", "One new issue.",
        "Found it", "Summary", "1 to fix", "marked", "Suggested change", "better 5",
        "old.py → new.py", "@@ -2,7 +2,7 @@", "harness[bot]",
    ):  # fmt: skip
        assert words in page.text, words
    assert "hidden" not in page.text
    assert ("meta", "http-equiv", "refresh") not in page.attributes
    run = await open_page(github, f"/acme/shop/runs/{number}")
    assert "marked" in run.text
    assert "strong" in run.tags
    index = await open_page(github, "/")
    assert "A feature" in index.text


async def test_the_page_looks_again_while_a_check_runs(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull
) -> None:
    refresh = ("meta", "http-equiv", "refresh")
    assert refresh in (await open_page(github, "/acme/shop/pull/1")).attributes
    number = await check_run(app, repo, pull, status="in_progress")
    assert refresh in (await open_page(github, "/acme/shop/pull/1")).attributes
    done = {"conclusion": "success", "output": {"title": "t", "summary": "s"}}
    await app.call("PATCH", f"/check-runs/{number}", done, repo=repo)
    assert refresh not in (await open_page(github, "/acme/shop/pull/1")).attributes


async def test_nothing_hostile_gets_into_a_page(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    path = f"src/{HOSTILE.replace('/', '')}.py"
    await github.commit(repo, "evil", {path: f"{HOSTILE}\n", "gone.py": None}, message=HOSTILE)
    pull = await github.open_pull(
        repo, head="evil", title=HOSTILE, body=HOSTILE, author="x'\"<b>", labels=[HOSTILE]
    )
    shown = (await github.files(pull))[1].path
    note = {
        "path": shown, "start_line": 1, "end_line": 1, "annotation_level": "notice",
        "message": HOSTILE, "title": HOSTILE,
    }  # fmt: skip
    number = await check_run(
        app, repo, pull, name=HOSTILE, details_url="javascript:alert(1)",
        output={"title": HOSTILE, "summary": HOSTILE, "text": HOSTILE, "annotations": [note]},
    )  # fmt: skip
    bodies = [HOSTILE, f"```suggestion\n{HOSTILE}\n```", f"`{HOSTILE}`", f"<details>{HOSTILE}"]
    answer = await post_review(app, repo, *(on(shown, 1, body=body) for body in bodies))
    assert answer.status_code == 200, answer.text
    await app.call("POST", "/issues/1/comments", {"body": f"</details></div>{HOSTILE}"}, repo=repo)
    page = await open_page(github, "/acme/shop/pull/1")
    assert "1337" not in page.text
    assert HOSTILE in "".join(page.texts)
    await open_page(github, f"/acme/shop/runs/{number}")
    await open_page(github, "/")
    await open_page(github, "/acme/shop")


async def test_a_blob_is_text_and_never_a_page(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    sha = await github.commit(repo, "main", {"page.html": "<script>alert(1)</script>"})
    async with httpx.AsyncClient(base_url=github.url, trust_env=False) as http:
        answer = await http.get(f"/acme/shop/blob/{sha}/page.html")
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text == "<script>alert(1)</script>"
        missing = await http.get(f"/acme/shop/blob/{sha}/none.html")
        assert missing.status_code == 404
        unknown = await http.get(f"/acme/shop/blob/{'0' * 40}/page.html")
        assert unknown.status_code == 404
        assert (await http.get("/acme/none/pull/1")).status_code == 404
        assert (await http.get("/acme/shop/pull/77")).status_code == 404
        assert (await http.get("/acme/shop/runs/77")).status_code == 404
