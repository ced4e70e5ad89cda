"""Stores of Entire checkpoints as they are found in the wild, written into real repositories.

The shares of what is odd are those that were measured on 590 real checkpoints (Entire's own
repository, branch ``entire/checkpoints/v1``, February 2026): sessions per checkpoint 515 × 1,
59 × 2, 12 × 3, 3 × 4–7, 1 × 22; a summary in 9 % of the sessions; the agent absent in 14 %, "Agent"
in 6 %, wrong in 1 %; 3.9 % of the pointers lead nowhere, 3 % of the sessions have no transcript;
6 % of the ids that commits name do not exist; of the last prompts 25 % are too short to say
anything and 10 % chatter; 59 % of the transcripts hold a line of more than 64 KiB.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.context.checkpoints import layout
from tests.fakes.git_repo import BareRepo, Content, git

CHATTER = (
    "yes", "commit this", "let's do 1", "[Request interrupted by user]",
    "This session is being continued from a previous conversation that ran out of context.",
    "<command-name>/clear</command-name>\n<command-message>clear</command-message>", "go on",
)  # fmt: skip
WISHES = (
    "Make the parser accept numbers with an exponent, and keep the error message as it is",
    "The cache is never invalidated when a user is deleted; find out why and repair it",
    "Add a retry with back-off to the upload, at most five times, and log every attempt",
    "Move the settings into one module and read the environment nowhere else",
)
BRANCH = "entire/checkpoints/v1"


@dataclass
class Made:
    """What was written, and how a test can ask for it."""

    ids: list[str] = field(default_factory=list)
    """Those that exist."""
    missing: list[str] = field(default_factory=list)
    """Those that commits name and nobody wrote."""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    transcripts: int = 0
    """Bytes."""


class Entire:
    """Makes checkpoints; the same seed makes the same ones."""

    def __init__(self, seed: int = 7, *, transcript_bytes: int = 300_000) -> None:
        self._rnd = random.Random(seed)  # noqa: S311
        self._size = transcript_bytes

    def made(self, count: int, *, ulids: bool = False) -> Made:
        made = Made()
        for _number in range(count):
            name = self._ulid() if ulids else self._rnd.randbytes(6).hex()
            if self._rnd.random() < 0.06:
                made.missing.append(name)
                continue
            made.ids.append(name)
            made.files[name] = files = dict(self._checkpoint(name))
            made.transcripts += sum(len(b) for p, b in files.items() if p.endswith("full.jsonl"))
        return made

    def _ulid(self) -> str:
        letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        return "".join(self._rnd.choice(letters) for _ in range(26))

    def _checkpoint(self, name: str) -> Iterator[tuple[str, bytes]]:
        count = self._rnd.choices([1, 2, 3, 5, 22], [515, 59, 12, 3, 1])[0]
        pointers = []
        for number in range(count):
            session = dict(self._session(number))
            pointers.append(
                {kind: f"/{name[:2]}/{name[2:]}/{number}/{file}" for kind, file in _POINTERS}
            )
            for path, content in session.items():
                if self._rnd.random() >= 0.039 or path == "metadata.json":
                    yield f"{number}/{path}", content
        root = {"checkpoint_id": name, "strategy": "manual-commit", "sessions": pointers,
                "checkpoints_count": count, "files_touched": ["app.py"]}  # fmt: skip
        yield "metadata.json", json.dumps(root).encode()

    def _session(self, number: int) -> Iterator[tuple[str, bytes]]:
        rnd, start = self._rnd, self._rnd.randint(0, 3)
        wish = f"{rnd.choice(WISHES)} ({rnd.randint(1, 999)})"
        data: dict[str, object] = {
            "session_id": f"2026-11-{number + 1:02}-{rnd.randbytes(4).hex()}",
            "created_at": f"2026-11-{number % 27 + 1:02}T10:00:00Z",
            "files_touched": ["app.py", "tests/test_app.py"],
            "checkpoint_transcript_start": start,
            "initial_attribution": {"agent_lines": 120, "human_added": 1, "total_committed": 121},
        }
        agent = rnd.choices(["Claude Code", None, "Agent", "Gemini CLI"], [559, 103, 43, 7])[0]
        if agent is not None:
            data["agent"] = agent
        if rnd.random() < 0.09:
            data["summary"] = {
                "intent": wish, "outcome": "Done as asked.", "learnings": {"repo": []},
                "open_items": ["measure it"], "friction": [],
            }  # fmt: skip
        yield "metadata.json", json.dumps(data).encode()
        last = rnd.choices([wish, rnd.choice(CHATTER)], [65, 35])[0]
        prompts = [wish, last] if rnd.random() < 0.9 else [last]
        yield "prompt.txt", "\n\n---\n\n".join(prompts).encode()
        if rnd.random() >= 0.03:
            yield "full.jsonl", self._transcript(wish, start)
        yield "content_hash.txt", b"sha256:" + b"0" * 64
        yield "context.md", b"# Session context\n"

    def _transcript(self, wish: str, start: int) -> bytes:
        """Of the whole session: what comes before the slice is about something else."""
        lines = [{"type": "user", "message": {"role": "user", "content": "Something else entirely,"
                  " which has nothing to do with this change at all"}}] * start  # fmt: skip
        lines.append({"type": "user", "message": {"role": "user", "content": wish}})
        size = self._rnd.randint(1_000, self._size)
        longest = 90_000 if self._rnd.random() < 0.59 else 9_000
        while size > 0:
            text = self._rnd.randbytes(min(longest, size) // 2).hex()
            lines.append({"type": "assistant", "message": {"role": "assistant", "content": text}})
            size -= longest
        return "\n".join(json.dumps(line) for line in lines).encode() + b"\n"


_POINTERS = (
    ("metadata", "metadata.json"), ("transcript", "full.jsonl"), ("context", "context.md"),
    ("content_hash", "content_hash.txt"), ("prompt", "prompt.txt"),
)  # fmt: skip


def write_branch(repo: BareRepo, made: Made) -> None:
    """The older store: one orphan branch."""
    repo.commit(
        {
            f"{layout.folder(name)}/{path}": content
            for name, files in made.files.items()
            for path, content in files.items()
        },
        branch=BRANCH,
        message="Checkpoint: many",
    )


def write_references(repo: BareRepo, made: Made) -> None:
    """The newer store: a reference for each."""
    for name, files in made.files.items():
        root: dict[bytes | str, Content] = {path: bytes(files[path]) for path in files}
        sha = repo.commit(root)
        git(repo.path, "update-ref", layout.reference(name), sha)


def trailer(*names: str) -> str:
    return "\n".join(f"Entire-Checkpoint: {name}" for name in names)
