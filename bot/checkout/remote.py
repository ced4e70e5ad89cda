"""Where a repository is on GitHub, how git logs in there, and what its refusals mean."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.errors import AccessLost, ConfigurationError, GiveUp, HeadGone, TreeRefused, TryLater
from bot.models import Repo

_OWNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
RETRY_SECONDS = 30.0
DISK_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """One repository's address. ``token`` reaches git as a file in memory and in no other way."""

    url: str
    token: str | None = field(default=None, repr=False)

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    @contextmanager
    def credentials(self) -> Iterator[int | None]:
        """An open file with git configuration that sends the token to this address only."""
        if self.token is None:
            yield None
            return
        number = os.memfd_create("git")
        try:
            os.write(number, self._configuration(self.token).encode())
            yield number
        finally:
            os.close(number)

    def _configuration(self, token: str) -> str:
        return f'[http "{self.url}"]\n\textraHeader = Authorization: Basic {_basic(token)}\n'

    def hide(self, text: str) -> str:
        """``text`` without the token, in both forms in which git may have seen it."""
        if self.token is None:
            return text
        return text.replace(_basic(self.token), "***").replace(self.token, "***")


def _basic(token: str) -> str:
    return b64encode(f"x-access-token:{token}".encode()).decode("ascii")


def address(github_url: str, repo: Repo) -> str:
    """The repository's URL; hostile names are refused before they become a path."""
    check_names(repo)
    return f"{github_url.rstrip('/')}/{repo.owner}/{repo.name}.git"


def check_url(github_url: str) -> None:
    """https, or http to this machine; nothing that could end or quote a configuration line."""
    if re.search(r'[\s"\\#?@]', github_url):
        raise ConfigurationError("the GitHub URL must hold a host, and neither login nor query")
    try:
        parts = urlsplit(github_url)
    except ValueError as error:
        raise ConfigurationError(f"the GitHub URL cannot be read: {error}") from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ConfigurationError(f"the GitHub URL must begin with https://, not {github_url!r}")
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise ConfigurationError("a GitHub URL with http:// is allowed on this machine only")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_names(repo: Repo) -> None:
    """Owner and name become parts of a path and of a URL."""
    if not _OWNER.fullmatch(repo.owner) or not _NAME.fullmatch(repo.name):
        raise GiveUp(f"{repo.full_name!r} is not a repository's name")
    if set(repo.name) == {"."} or repo.name.lower().endswith(".git"):
        raise GiveUp(f"{repo.full_name!r} is not a repository's name")


def check_sha(sha: str) -> str:
    """Only complete object ids reach git's command line."""
    if not _SHA.fullmatch(sha):
        raise HeadGone(f"{sha!r} is not a commit id")
    return sha


_FSCK = re.compile(r"error: object [0-9a-f]+: (\w+(?:: [^\n]+)?)|error in [^\n]*: (\w+: [^\n]+)")
_GONE = re.compile(
    r"not our ref ([0-9a-f]{7,64})|unadvertised object ([0-9a-f]{7,64})"
    r"|bad object ([0-9a-f]{40,64})"
)
_LOST = (
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "returned error: 401",
    "returned error: 403",
    "returned error: 404",
    "' not found",
    "Repository not found",
)
_MOVED = ("returned error: 301", "returned error: 302", "returned error: 307", "redirect")
_LATER = re.compile(
    r"returned error: (?:5\d\d|429|408)|Could not resolve|Failed to connect|Connection (?:refused"
    r"|reset|timed out)|timed out|Operation too slow|early EOF|hung up unexpectedly|RPC failed"
    r"|unexpected disconnect|did not send all necessary objects|SSL|TLS|gnutls"
    r"|Empty reply|transfer closed|unable to access",
    re.IGNORECASE,
)


def refusal(stderr: str, repo: Repo) -> Exception | None:
    """What a failed fetch or push means; None when git's words say nothing known."""
    if (found := _FSCK.search(stderr)) is not None or "fsck error" in stderr:
        reason = next((part for part in found.groups() if part), "") if found else "fsck error"
        return TreeRefused(f"git's own checks refuse a commit of this change: {reason[:200]}")
    if gone := _GONE.search(stderr):
        sha = next((part for part in gone.groups() if part), "")
        name = f"the commit {sha[:12]}".strip()
        return HeadGone(f"{name} is not in {repo.full_name} any more")
    if any(words in stderr for words in _LOST):
        return AccessLost(f"the App has no access to {repo.full_name}")
    if any(words in stderr for words in _MOVED):
        return AccessLost(f"{repo.full_name} has moved; redirects are not followed")
    if "No space left on device" in stderr:
        return TryLater("the disk is full", DISK_SECONDS)
    if _LATER.search(stderr):
        return TryLater(f"{repo.full_name} could not be reached", RETRY_SECONDS)
    return None
