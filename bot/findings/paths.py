"""Paths as agents write them, brought to the form that git uses."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import unquote

TREES = ("/work/", "/workspace/", "/harness-tree/")
"""Where a sandboxed agent may see the tree (`bot.sandbox.fence.TREES`)."""

MAX_LENGTH = 4096


class BadPath(ValueError):
    """A path that names no file of the tree; the message says why."""


def normal_path(text: str, known: Collection[str] = ()) -> str:
    """The path inside the tree. A path in ``known`` is left as it is (a folder may be named a)."""
    path = text if text in known else text.strip()
    if path in known:
        return path
    if "\0" in path or len(path) > MAX_LENGTH or not _encodable(path):
        raise BadPath(f"{shown(path)} is no path")
    path = _inside(path)
    if path.startswith("/"):
        raise BadPath(f"{shown(path)} is outside the tree")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise BadPath(f"{shown(path)} leaves the tree")
    if "/".join(parts) not in known and len(parts) > 1 and parts[0] in ("a", "b"):
        parts = parts[1:]  # git's prefixes, copied from a diff
    if not parts:
        raise BadPath(f"{shown(path)} names no file")
    return "/".join(parts)


def from_uri(uri: str, known: Collection[str] = ()) -> str:
    """The path of a SARIF artifact: percent-decoded, ``file:`` removed."""
    scheme, colon, rest = uri.partition(":")
    if colon and scheme.lower() == "file":
        uri = rest
        if uri.startswith("//"):  # file://host/path; an empty host is this machine
            uri = "/" + uri[2:].partition("/")[2]
    elif colon and "/" not in scheme and len(scheme) > 1 and rest.startswith("//"):
        raise BadPath(f"{shown(uri)} is no file")
    return normal_path(unquote(uri, errors="surrogateescape"), known)


def shown(text: str) -> str:
    """Quoted and short, for a sentence."""
    return repr(text if len(text) <= 80 else text[:79] + "…")


def _inside(path: str) -> str:
    tree = next((tree for tree in TREES if path.startswith(tree)), "")
    return path.removeprefix(tree)


def _encodable(path: str) -> bool:
    """Git's paths are bytes: only the surrogates that stand for bytes can be part of one."""
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
