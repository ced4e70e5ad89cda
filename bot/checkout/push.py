"""Pushes one commit to one branch, and only if nobody else moved it meanwhile.

The lease names the commit that the branch must still be at. A branch that was pushed to, rewound
or deleted refuses; that is a normal outcome, told to people and never tried again another way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bot.checkout.git import Git, Place, failure
from bot.checkout.remote import Remote, check_sha, refusal
from bot.errors import GiveUp
from bot.models import Repo

_REJECTED = re.compile(r"^!\t\S+\t\[?([^\n]*)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class PushOutcome:
    """``reason`` is what the server or git said when the branch was left as it was."""

    pushed: bool
    reason: str = ""


async def push(
    git: Git,
    git_dir: Path,
    remote: Remote,
    *,
    repo: Repo,
    branch: str,
    new_sha: str,
    lease_sha: str,
) -> PushOutcome:
    """Move ``branch`` from ``lease_sha`` to ``new_sha``, its child."""
    place = Place(git_dir=git_dir)
    check_sha(new_sha)
    check_sha(lease_sha)
    reference = f"refs/heads/{branch}"
    await _check_branch(git, place, reference)
    await _check_parent(git, place, new_sha, lease_sha)
    done = await git.run(
        place,
        "push",
        "--porcelain",
        "--atomic",
        "--no-verify",
        "--no-follow-tags",
        "--no-signed",
        "--no-recurse-submodules",
        f"--force-with-lease={reference}:{lease_sha}",
        "--end-of-options",
        remote.url,
        f"{new_sha}:{reference}",
        remote=remote,
    )
    if done.returncode == 0:
        return PushOutcome(pushed=True)
    rejected = _REJECTED.search(done.stdout.decode("utf-8", "replace"))
    if rejected is not None:
        return PushOutcome(pushed=False, reason=rejected[1].replace("] ", ": ", 1)[:300])
    raise refusal(done.stderr, repo) or failure("push", done, place)


async def _check_branch(git: Git, place: Place, reference: str) -> None:
    if "\0" in reference:
        raise GiveUp("the branch's name holds a NUL")
    done = await git.run(place, "check-ref-format", reference)
    if done.returncode != 0:
        raise GiveUp(f"{reference!r} is not a branch that git would write")


async def _check_parent(git: Git, place: Place, new_sha: str, lease_sha: str) -> None:
    done = await git.run(place, "rev-parse", "--verify", "--quiet", f"{new_sha}^1")
    if done.stdout.decode("ascii").strip() != lease_sha:
        raise GiveUp("the new commit was not made on top of the branch's head")
