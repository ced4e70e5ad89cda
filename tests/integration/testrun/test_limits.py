"""What the tests of a stranger can do to the machine that runs them: little, and not for long."""

from __future__ import annotations

import asyncio
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from bot.models import SuiteState
from bot.sandbox.launcher import BWRAP
from bot.sandbox.sandbox import Sandbox
from bot.testrun.transcript import SHOWN
from tests.fakes.processes import running

S = SuiteState
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not Path(BWRAP).exists(), reason="bubblewrap is not installed"),
]


def script(text: str) -> dict[str, str]:
    return {"check.py": text}


COMMAND = "python3 check.py"


async def test_a_grandchild_that_holds_the_pipe_does_not_hold_the_run(tested):
    marker = f"testrun-{os.getpid()}-{time.time_ns()}"
    files = script(
        "import subprocess, signal, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', 'import signal, time; "
        f"signal.signal(15, signal.SIG_IGN); time.sleep(60)  # {marker}'])\n"
        "signal.signal(15, signal.SIG_IGN)\nprint('begun', flush=True)\ntime.sleep(60)\n"
    )
    began = time.monotonic()
    outcome = await tested(files, command=COMMAND, timeout=1.0)
    assert time.monotonic() - began < 3.0, "the limit, and less than two seconds more"
    assert (outcome.state, outcome.reason) == (S.NOT_RUN, "the tests took more than 1 s")
    assert outcome.failed == ()
    assert "begun" in outcome.tail
    assert not running(marker)


async def test_a_child_left_behind_does_not_hold_the_run_either(tested):
    files = script(
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('1 passed in 0.01s')\n"
    )
    began = time.monotonic()
    outcome = await tested(files, command=COMMAND, timeout=30.0)
    assert time.monotonic() - began < 10
    assert (outcome.state, outcome.counts.passed) == (S.PASSED, 1)


async def test_a_cancelled_run_leaves_nothing_behind(tested):
    marker = f"testrun-{os.getpid()}-{time.time_ns()}"
    files = script(f"import time\nprint('begun', flush=True)\ntime.sleep(60)  # {marker}\n")
    run = asyncio.create_task(tested(files, command=f"{COMMAND} {marker}"))
    async with asyncio.timeout(20):
        while not running(marker):
            await asyncio.sleep(0.05)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not running(marker)


async def test_our_environment_is_not_the_tests(tested, monkeypatch):
    monkeypatch.setenv("HARNESS_WEBHOOK_SECRET", "planted")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    files = script(
        "import os, pathlib\nprint(sorted(os.environ))\n"
        "print(any('planted' in v for v in os.environ.values()))\n"
        "for entry in pathlib.Path('/proc').glob('[0-9]*/environ'):\n"
        "    print(b'planted' in entry.read_bytes())\n"
    )
    outcome = await tested(files, command=COMMAND)
    assert "True" not in outcome.tail
    assert "SECRET" not in outcome.tail
    for name in ("CI", "HOME", "PATH", "PYTHONDONTWRITEBYTECODE"):
        assert repr(name) in outcome.tail


async def test_there_is_no_network(tested):
    files = script(
        "import socket\n"
        "for address in (('1.1.1.1', 53), ('127.0.0.1', 22), ('example.com', 80)):\n"
        "    try:\n        socket.create_connection(address, 2)\n        print('connected')\n"
        "    except OSError as error:\n        print('no way:', error)\n"
    )
    outcome = await tested(files, command=COMMAND)
    assert outcome.tail.count("no way") == 3
    assert "connected" not in outcome.tail


async def test_fifty_megabytes_of_output_are_not_kept(tested):
    files = script(
        "import sys\nline = 'x' * 99 + '\\n'\n"
        "for _ in range(5 * 10 ** 5):\n    sys.stdout.write(line)\n"
        "for _ in range(10 ** 4):\n    sys.stderr.write(line)\n"
        "print('1 failed, 2 passed in 9.99s')\nsys.exit(1)\n"
    )
    tracemalloc.start()
    try:
        outcome = await tested(files, command=COMMAND)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (outcome.state, outcome.counts.failed) == (S.FAILED, 1)
    assert len(outcome.tail) <= SHOWN + 100
    print("PEAK", peak)
    assert peak < 1024 * 1024, "pipes, reading and judging included"


async def test_a_report_that_leads_out_of_the_tree_is_not_read(tested, tmp_path):
    secret = tmp_path / "secret.xml"
    secret.write_text(
        "<testsuite><testcase name='of a neighbour'><failure/></testcase></testsuite>"
    )
    files = {
        "conftest.py": (
            "import os\ndef pytest_unconfigure(config):\n"
            "    os.unlink(config.option.xmlpath)\n"
            f"    os.symlink({str(secret)!r}, config.option.xmlpath)\n"
        ),
        "test_a.py": "def test_a():\n    pass\n",
    }
    outcome = await tested(files)
    assert "neighbour" not in str(outcome)
    assert (outcome.state, outcome.counts.passed) == (S.PASSED, 1), "as it was said"


async def test_where_no_sandbox_works_nothing_is_run(tested, monkeypatch):
    broken = Sandbox(mode="auto", bwrap="/nowhere/bwrap")
    monkeypatch.setattr(Sandbox, "start", broken.start)
    outcome = await tested({"test_a.py": "def test_a():\n    pass\n"})
    assert outcome.state is S.NOT_RUN
    assert "no sandbox works here" in outcome.reason
