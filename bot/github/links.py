"""Paths of the REST API; whatever comes from outside is quoted."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from bot.errors import GitHubError
from bot.models.github import Repo


def repo_path(repo: Repo, *parts: str | int, **query: str | int) -> str:
    """``repos/OWNER/NAME/…``; each part is one segment."""
    return join("repos", repo.owner, repo.name, *parts, **query)


def join(*parts: str | int, **query: str | int) -> str:
    """A path of quoted segments, relative to the API's base."""
    path = "/".join(segment(str(part)) for part in parts)
    return f"{path}?{urlencode(query)}" if query else path


def segment(text: str) -> str:
    """One segment. Dots alone would climb to another endpoint."""
    if text in ("", ".", ".."):
        raise GitHubError(f"GitHub has nothing of the name {text!r}")
    return quote(text, safe="", errors="replace")
