"""A tree is read by a process behind a fence: what it says, and what it may not become."""

import asyncio
import json

import pytest

from bot.context.structure import read as module
from bot.context.structure.read import read
from bot.context.structure.wire import Asked, Structure, asked, encode, structure
from bot.errors import AgentFailed
from bot.models import Diff, FileDiff, FileStatus, Hunk
from bot.process import Ledger
from bot.sandbox.sandbox import Sandbox

LONG = "import os\n\n" + "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(80))


def change(*paths):
    hunk = Hunk(old_start=4, old_lines=0, new_start=4, new_lines=1, lines=("+    return 0",))
    files = tuple(
        FileDiff(path=path, old_path=path, status=FileStatus.MODIFIED, hunks=(hunk,))
        for path in paths
    )
    return Diff(base_sha="b" * 40, head_sha="a" * 40, files=files), frozenset(paths)


@pytest.fixture
def tree(tmp_path):
    tmp_path.chmod(0o755)
    place = tmp_path / "tree"
    place.mkdir()
    (place / "long.py").write_text(LONG)
    (place / "uses.py").write_text("import long\n")
    # Nothing of the tree takes the place of what the process itself imports.
    for name in ("json", "bot", "grimp", "tree_sitter", "sitecustomize"):
        (place / f"{name}.py").write_text("raise SystemExit('run')\n")
    return place


@pytest.fixture(params=["off", pytest.param("require", marks=pytest.mark.sandbox)])
def sandbox(request, tmp_path):
    return Sandbox(mode=request.param, ledger=Ledger(tmp_path / "processes"))


async def test_outlines_and_related_files(tree, sandbox):
    await sandbox.check()
    diff, paths = change("long.py")
    told = await read(tree, diff, paths, sandbox)
    assert [(pin.path, pin.via) for pin in told.pins] == [("uses.py", "long.py")]
    (outline,) = told.outlines
    assert (outline.path, outline.language) == ("long.py", "python")
    assert "        4 |     return 0" in outline.text


async def test_a_process_that_ends_badly_is_said(tree, sandbox, monkeypatch):
    await sandbox.check()
    diff, paths = change("long.py")
    monkeypatch.setattr(module, "_START", "import sys; sys.exit('a parser crashed')")
    with pytest.raises(AgentFailed, match="ended with status 1: a parser crashed"):
        await read(tree, diff, paths, sandbox)
    monkeypatch.setattr(module, "_START", "import os; os.abort()")
    with pytest.raises(AgentFailed, match="ended with status"):
        await read(tree, diff, paths, sandbox)


async def test_one_that_hangs_or_floods_is_ended(tree, sandbox, monkeypatch):
    await sandbox.check()
    diff, paths = change("long.py")
    monkeypatch.setattr(module, "_START", "import time; time.sleep(600)")
    async with asyncio.timeout(20):
        with pytest.raises(AgentFailed, match=r"more than 0\.5 s"):
            await read(tree, diff, paths, sandbox, seconds=0.5)
    monkeypatch.setattr(module, "_START", "while True: print('x' * 100_000)")
    async with asyncio.timeout(20):
        with pytest.raises(AgentFailed, match="too long"):
            await read(tree, diff, paths, sandbox)


async def test_it_says_no_more_than_it_was_asked(tree, sandbox, monkeypatch):
    await sandbox.check()
    outline = {"path": "other.py", "language": "x", "lines": 1, "text": "x"}
    pin = {"path": "p.py", "relation": "tests", "distance": 1, "via": "long.py"}
    lie = json.dumps({"pins": [pin] * 90, "outlines": [outline]})
    monkeypatch.setattr(module, "_START", f"print({lie!r})")
    diff, paths = change("long.py")
    told = await read(tree, diff, paths, sandbox)
    assert (len(told.pins), told.outlines) == (20, ())


@pytest.mark.parametrize(
    "answer",
    [b"", b"null", b"[]", b"{", b'{"pins": 3}', b'{"outlines": [{}]}', b"[" * 100_000,
     b'{"pins": [{"path": "a", "relation": "likes", "distance": 1, "via": "b"}]}'],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_answer_is_refused(answer):
    with pytest.raises(AgentFailed, match="no structure"):
        structure(answer)


def test_what_is_asked_and_answered_survives_the_way():
    question = Asked(files={"a.py": (1, 2)}, tokens=5, tokens_of_one=3)
    assert asked(encode(question)) == question
    assert structure(encode(Structure())) == Structure()


async def test_nothing_is_started_for_nothing(tree):
    class Nobody:
        async def start(self, command, fence, *, trusted):
            raise AssertionError("started")

    diff, paths = change("\udcff.py")
    assert await read(tree, diff, paths, Nobody()) == Structure()
