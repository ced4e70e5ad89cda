"""Processes are started, limited, read and ended as promised, with real ones."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.process import (
    Command,
    Ledger,
    OutputTooLarge,
    ProcessNotStarted,
    ProcessTimeout,
    ProgramNotFound,
    run,
    start,
)
from tests.fakes.processes import running


def sh(script: str, *arguments: str, **rest) -> Command:
    return Command(argv=("/bin/sh", "-c", script, "sh", *arguments), **rest)


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def number_in(file: Path) -> int:
    text = file.read_text() if file.exists() else ""
    return int(text) if text.endswith("\n") else 0


async def pid_in(file: Path) -> int:
    for _ in range(500):
        if pid := number_in(file):
            return pid
        await asyncio.sleep(0.01)
    raise AssertionError(f"{file} was never written")


async def gone(pid: int) -> bool:
    for _ in range(200):
        if not alive(pid):
            return True
        await asyncio.sleep(0.01)
    return False


# ------------------------------------------------------------------------------------- running


async def test_a_command_that_ends_is_told_whole():
    done = await run(sh("echo out; echo err >&2; exit 3"), timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", "err\n")
    assert 0 < done.duration < 10


async def test_nothing_of_our_environment_reaches_the_child(monkeypatch):
    monkeypatch.setenv("HARNESS_PRIVATE_KEY", "secret")
    done = await run(Command(argv=("/usr/bin/env",), env={"A": "ä"}), timeout=10)
    assert done.stdout == "A=ä\n".encode()


async def test_only_the_descriptors_that_are_passed_are_open():
    kept, closed = os.memfd_create("kept"), os.memfd_create("closed", 0)
    try:
        os.write(kept, b"here")
        os.lseek(kept, 0, os.SEEK_SET)
        os.set_inheritable(closed, True)
        script = 'cat <&"$1"; ls /proc/$$/fd'
        if kept > 9:  # dash names descriptors by one digit only
            script = 'cat "/proc/self/fd/$1"; ls /proc/$$/fd'
        done = await run(sh(script, str(kept), pass_fds=(kept,)), timeout=10)
    finally:
        os.close(kept)
        os.close(closed)
    content, *names = done.stdout.decode().replace("here", "here\n").split()
    assert content == "here"
    assert set(map(int, names)) == {0, 1, 2, kept}


async def test_a_large_standard_input_meets_a_large_output():
    content = os.urandom(3_000_000)
    done = await run(Command(argv=("cat",), stdin=content), timeout=20)
    assert done.stdout == content


async def test_a_child_that_ignores_its_input_is_no_error():
    done = await run(Command(argv=("true",), stdin=b"x" * 3_000_000), timeout=10)
    assert done.returncode == 0


async def test_without_input_there_is_nothing_to_read():
    assert (await run(Command(argv=("cat",)), timeout=10)).stdout == b""


async def test_it_starts_where_it_is_told(tmp_path):
    done = await run(Command(argv=("/bin/pwd",), cwd=tmp_path), timeout=10)
    assert done.stdout.decode().strip() == str(tmp_path)


async def test_a_death_by_signal_is_a_negative_status():
    assert (await run(sh("kill -9 $$"), timeout=10)).returncode == -9


async def test_many_run_at_once():
    all_done = await asyncio.gather(*(run(sh('echo "$1"', str(n)), timeout=20) for n in range(30)))
    assert [int(done.stdout) for done in all_done] == list(range(30))


@pytest.mark.parametrize("program", ["/nowhere/to/be/found", "no-such-program", "/etc/passwd", "/"])
async def test_a_program_that_is_not_there_has_an_error_of_its_own(program):
    with pytest.raises(ProgramNotFound, match=program):
        await run(Command(argv=(program,)), timeout=10)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (sh("true", cwd=Path("/nowhere")), "in /nowhere: No such file"),
        (sh("true", "a\0b"), "null byte"),
        (sh("true", "x" * 5_000_000), "Argument list too long"),
    ],
)
async def test_what_the_system_refuses_to_start_says_why(command, reason):
    with pytest.raises(ProcessNotStarted, match=reason) as caught:
        await run(command, timeout=10)
    assert not isinstance(caught.value, ProgramNotFound)


# -------------------------------------------------------------------------------------- limits


async def test_a_timeout_ends_the_whole_group_before_it_is_told(tmp_path):
    file = tmp_path / "pid"
    with pytest.raises(ProcessTimeout, match=r"more than 0\.3 s"):
        await run(sh('sleep 100 & echo $! > "$1"; wait', str(file)), timeout=0.3)
    assert not alive(int(file.read_text()))


async def test_too_much_output_ends_the_whole_group(tmp_path):
    file = tmp_path / "pid"
    script = 'sleep 100 & echo $! > "$1"; exec cat /dev/zero'
    with pytest.raises(OutputTooLarge, match="more than 100000 bytes"):
        await run(sh(script, str(file)), timeout=20, max_output=100_000)
    assert not alive(int(file.read_text()))


async def test_a_cancelled_caller_ends_the_whole_group(tmp_path):
    file = tmp_path / "pid"
    script = "trap '' TERM; sleep 100 & echo $! > \"$1\"; while :; do sleep 0.05; done"
    task = asyncio.create_task(run(sh(script, str(file)), timeout=60))
    pid = await pid_in(file)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()  # an impatient caller does not leave anything behind either
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive(pid)


@pytest.mark.parametrize("turns", range(12))
async def test_a_caller_cancelled_at_any_moment_of_the_start_leaves_nothing(turns, tmp_path):
    marker = str(tmp_path)  # no other command line on this machine holds it
    script = """sh -c 'while :; do sleep 0.1; done' "$1" & wait"""
    task = asyncio.create_task(run(sh(script, marker), timeout=60))
    for _ in range(turns):
        await asyncio.sleep(0)
    if turns % 2:
        time.sleep(0.02)  # noqa: ASYNC251  # the child runs on while the loop stands still
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert running(marker) == []


async def test_standard_error_keeps_head_and_tail():
    script = "echo first >&2; head -c 1000000 /dev/zero | tr '\\0' x >&2; echo last >&2"
    done = await run(sh(script), timeout=20)
    assert done.stderr.startswith("first\nxxx")
    assert done.stderr.endswith("xxxlast\n")
    assert "bytes left out" in done.stderr
    assert len(done.stderr) < 66_000


async def test_a_reader_that_is_slow_makes_the_child_wait(tmp_path):
    file = tmp_path / "written"
    writer = (
        "import sys, pathlib\n"
        "for n in range(200):\n"
        "    sys.stdout.buffer.write(b'x' * 65536)\n"
        "    pathlib.Path(sys.argv[1]).write_text(str(n + 1))\n"
    )
    command = Command(argv=(sys.executable, "-c", writer, str(file)))
    async with await start(command) as child:
        first = await child.read()
        await asyncio.sleep(0.4)
        assert int(file.read_text()) < 40
        rest = [len(chunk) async for chunk in child.chunks()]
        assert len(first) + sum(rest) == 200 * 65536
        assert await child.wait() == 0


# --------------------------------------------------------------------------------- grandchildren


async def test_a_grandchild_that_holds_the_pipe_does_not_hold_us(tmp_path):
    file = tmp_path / "pid"
    began = time.monotonic()
    done = await run(sh('sleep 100 & echo $! > "$1"; echo done', str(file)), timeout=30)
    assert done.stdout == b"done\n"
    assert time.monotonic() - began < 5
    assert not alive(int(file.read_text()))


async def test_a_grandchild_without_our_pipes_is_ended_too(tmp_path):
    file = tmp_path / "pid"
    await run(sh('sleep 100 >/dev/null 2>&1 & echo $! > "$1"', str(file)), timeout=30)
    assert not alive(int(file.read_text()))


async def test_one_that_left_the_group_cannot_hold_the_pipe_either(tmp_path):
    file = tmp_path / "pid"
    script = 'setsid sh -c \'echo $$ > "$0"; exec sleep 100\' "$1" & sleep 0.3; echo done'
    began = time.monotonic()
    done = await run(sh(script, str(file)), timeout=30)
    pid = int(file.read_text())
    try:
        assert done.stdout == b"done\n"
        assert time.monotonic() - began < 5
    finally:
        os.kill(pid, signal.SIGKILL)


async def test_the_last_words_are_heard_by_a_reader_that_comes_late():
    child = await start(sh("head -c 60000 /dev/zero"))
    assert await child.wait() == 0
    assert sum([len(chunk) async for chunk in child.chunks()]) == 60000


# ----------------------------------------------------------------------------------------- kill


async def test_kill_asks_first(tmp_path):
    file = tmp_path / "said"
    script = "trap 'echo asked > \"$1\"; exit 7' TERM; echo up; while :; do sleep 0.02; done"
    child = await start(sh(script, str(file)))
    assert await child.read() == b"up\n"
    await child.kill()
    assert file.read_text() == "asked\n"
    assert await child.wait() == 7


async def test_kill_does_not_ask_twice():
    child = await start(sh("trap '' TERM; echo up; while :; do sleep 0.02; done"))
    assert await child.read() == b"up\n"
    began = time.monotonic()
    await child.kill(grace=0.2)
    assert time.monotonic() - began < 4
    assert await child.wait() == -signal.SIGKILL


async def test_kill_after_the_end_is_harmless():
    child = await start(sh("true"))
    assert await child.wait() == 0
    await child.kill()
    assert await child.wait() == 0


async def test_leaving_the_block_kills():
    async with await start(sh("exec sleep 100")) as child:
        pid = child.pid
        assert alive(pid)
    assert not alive(pid)


async def test_waiting_may_be_given_up_without_ending_the_child():
    async with await start(sh("exec sleep 100")) as child:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(child.wait(), 0.05)
        assert alive(child.pid)


async def test_what_is_to_be_done_afterwards_is_done_before_anybody_hears():
    done: list[bool] = []
    child = await start(sh("true"))

    async def tidy() -> None:
        done.append(alive(child.pid))

    child.afterwards(tidy)
    await child.wait()
    assert done == [False]


# --------------------------------------------------------------------------------------- ledger


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "processes")


def records(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "processes").iterdir())


async def test_a_group_is_on_record_while_it_runs(ledger, tmp_path):
    child = await start(sh("exec sleep 100"), ledger=ledger)
    (record,) = records(tmp_path)
    assert record.name.endswith(f".{child.pid}")
    await child.kill()
    assert records(tmp_path) == []


async def test_groups_of_a_living_harness_are_left_alone(ledger):
    async with await start(sh("exec sleep 100"), ledger=ledger) as child:
        assert await ledger.reap() == 0
        assert alive(child.pid)


HARNESS = """
import asyncio, sys
from pathlib import Path
from bot.process import Command, Ledger, start

async def main():
    ledger = Ledger(Path(sys.argv[1]))
    child = await start(Command(argv=("/bin/sh", "-c", sys.argv[2])), ledger=ledger)
    print(child.pid, flush=True)
    await asyncio.sleep(100)

asyncio.run(main())
"""


@pytest.fixture
def killed_harness(tmp_path):
    """Starts a harness that starts a script, and kills it with signal 9; gives the group's id."""
    root = str(Path(__file__).parents[2])

    def kill_it(script: str) -> int:
        with subprocess.Popen(
            [sys.executable, "-c", HARNESS, str(tmp_path / "processes"), script],
            env={"PYTHONPATH": root},
            stdout=subprocess.PIPE,
        ) as harness:
            assert harness.stdout is not None
            pid = int(harness.stdout.readline())
            harness.kill()
        return pid

    return kill_it


async def test_what_a_killed_harness_left_behind_is_ended_by_the_next(
    killed_harness, ledger, tmp_path
):
    pid = killed_harness("exec sleep 100")
    assert alive(pid)
    assert await ledger.reap() == 1
    assert await gone(pid)
    assert records(tmp_path) == []
    assert await ledger.reap() == 0


async def test_members_of_a_group_whose_leader_is_dead_are_found(killed_harness, ledger, tmp_path):
    file = tmp_path / "member"
    go = tmp_path / "go"
    pid = killed_harness(
        f"sleep 100 & echo $! > {file}; while [ ! -e {go} ]; do sleep 0.02; done; kill -9 $$"
    )
    go.touch()
    member = await pid_in(file)
    assert await gone(pid)
    assert alive(member)
    assert await ledger.reap() == 1
    assert await gone(member)


@pytest.mark.parametrize("change", ["start", "boot"])
async def test_an_id_that_was_given_to_somebody_else_is_not_touched(
    killed_harness, ledger, tmp_path, change
):
    pid = killed_harness("exec sleep 100")
    try:
        (file,) = records(tmp_path)
        record = json.loads(file.read_text())
        record[change] = record[change] - 1 if change == "start" else "another boot"
        file.write_text(json.dumps(record))
        assert await ledger.reap() == 0
        assert alive(pid)
        assert records(tmp_path) == []
    finally:
        os.killpg(pid, signal.SIGKILL)


async def test_a_record_of_another_container_is_left_to_it(killed_harness, ledger, tmp_path):
    pid = killed_harness("exec sleep 100")
    try:
        (file,) = records(tmp_path)
        file.rename(file.with_name(f"1.{pid}"))
        assert await ledger.reap() == 0
        assert alive(pid)
    finally:
        os.killpg(pid, signal.SIGKILL)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"boot": 1}', '"x"', '{"harness": 3}'])
async def test_a_record_that_was_cut_off_is_removed(ledger, tmp_path, content):
    space = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116  # it is no file
    (tmp_path / "processes" / f"{space}.{os.getpid()}").write_text(content)
    assert await ledger.reap() == 0
    assert records(tmp_path) == []


async def test_other_files_in_the_directory_are_nobodys_business(ledger, tmp_path):
    for name in ("README", "1.x", ".2.3"):
        (tmp_path / "processes" / name).write_text("hello")
    assert await ledger.reap() == 0
    assert len(records(tmp_path)) == 3


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_descriptor_is_left(ledger):
    async def many() -> None:
        for script in ("true", "sleep 100 & true", "exit 3"):
            await run(sh(script), timeout=10, ledger=ledger)

    await many()
    before = descriptors()
    await many()
    assert descriptors() <= before
