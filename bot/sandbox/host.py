"""What every sandbox shows of this machine, and the few files that are made for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bot.sandbox.bwrap import System
from bot.sandbox.fence import HOME
from bot.sandbox.programs import SYSTEM

_ETC = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "localtime", "mime.types", "pki/tls/certs", "pki/ca-trust/extracted",
    "ssl/certs", "ssl/cert.pem", "ssl/openssl.cnf",
)  # fmt: skip
"""No more of ``/etc``: names of users, hosts and services are nobody's business."""


@cache
def system() -> System:
    """Looked at once: a machine does not change its layout while harness runs."""
    mounts: list[Path] = []
    links: list[tuple[str, Path]] = []
    for folder in SYSTEM:
        if folder.is_symlink():
            links.append((str(folder.readlink()), folder))
        elif folder.is_dir():
            mounts.append(folder)
    mounts += [path for name in _ETC if (path := Path("/etc") / name).exists()]
    return System(mounts=tuple(mounts), links=tuple(links))


def made(uid: int, gid: int) -> dict[Path, bytes]:
    """Files that programs expect: many stop if their user has no name."""
    return {
        Path("/etc/passwd"): f"agent:x:{uid}:{gid}::{HOME}:/bin/sh\n".encode(),
        Path("/etc/group"): f"agent:x:{gid}:\n".encode(),
        Path("/etc/hosts"): b"127.0.0.1 localhost\n::1 localhost\n",
        Path("/etc/nsswitch.conf"): b"passwd: files\ngroup: files\nhosts: files dns\n",
    }
