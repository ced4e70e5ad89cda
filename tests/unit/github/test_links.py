"""Paths: whatever comes from outside stays one segment."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from gidgethub import sansio
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import GitHubError
from bot.github.address import ApiAddress
from bot.github.links import join, repo_path
from bot.models.github import Repo

NAMES = st.text(min_size=1, max_size=20).filter(
    lambda s: s not in (".", "..") and not any("\ud800" <= c <= "\udfff" for c in s)
)


def test_a_path_of_a_repository() -> None:
    repo = Repo(owner="octo", name="demo")
    assert repo_path(repo) == "repos/octo/demo"
    assert repo_path(repo, "pulls", 5, state="open", page=2) == (
        "repos/octo/demo/pulls/5?state=open&page=2"
    )
    assert join("x", name="a b&c") == "x?name=a+b%26c"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_dots_and_nothing_are_refused(name: str) -> None:
    with pytest.raises(GitHubError):
        repo_path(Repo(owner="octo", name=name), "pulls")


def test_a_lone_surrogate_is_no_crash() -> None:
    assert join("a\ud800") == "a%3F"


@given(owner=NAMES, name=NAMES, last=NAMES)
def test_names_survive_and_add_no_segment(owner: str, name: str, last: str) -> None:
    path = repo_path(Repo(owner=owner, name=name), last)
    url = sansio.format_url(path, {})
    sent = ApiAddress.parse("https://api.github.com").owned(url)
    assert [unquote(part) for part in urlsplit(str(sent)).path.split("/")] == [
        "",
        "repos",
        owner,
        name,
        last,
    ]
