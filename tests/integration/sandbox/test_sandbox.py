"""What a real sandbox shows, allows and leaves behind; and whom it refuses."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import AgentFailed, ConfigurationError
from bot.models import FailureKind
from bot.process import Command
from bot.sandbox.fence import Access, Fence
from bot.sandbox.identity import service_user
from bot.sandbox.launcher import BWRAP
from bot.sandbox.sandbox import Mode, Sandbox
from tests.fakes.fences import say, sh
from tests.fakes.processes import running

ROOT = Path(__file__).parents[3]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a service user")
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not Path(BWRAP).exists(), reason="bubblewrap is not installed"),
]


@pytest.fixture
async def no_bwrap() -> Sandbox:
    """A machine without bubblewrap."""
    return Sandbox(mode="auto", bwrap="/nowhere/bwrap")


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def exists(*place: str) -> bool:
    return Path(*place).exists()


# ------------------------------------------------------------------------------ what it shows


async def test_the_tree_is_there_and_nothing_else_of_this_machine(sandbox, tree, tmp_path):
    script = """
    cat app.py; echo =
    for path in "$@"; do test -e "$path" && echo "seen: $path"; done; echo =
    ls -A /home/agent/ /tmp/ | grep -v :; echo =
    ls -A /
    """
    hidden = [str(tmp_path), "/root", "/var", "/etc/shadow", "/etc/hostname", "/sys", "/srv"]
    said = await sh(sandbox, Fence(tree=tree), script, *hidden)
    content, seen, scratch, top = said.out.split("=\n")
    assert content == "import os\nassert os.name\n"
    assert seen == ""
    assert scratch.strip() == ""
    assert set(top.split()) <= {
        *("bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32"),
        *("proc", "sbin", "tmp", "usr", "work"),
    }


async def test_it_is_not_root_anywhere(sandbox, tree, tmp_path):
    marker = f"marker-{tmp_path.name}"
    child = await sandbox.start(
        Command(argv=("/bin/sh", "-c", "id -u; grep CapEff /proc/self/status; sleep 50", marker)),
        Fence(tree=tree),
        trusted=False,
    )
    async with child:
        text = b""
        while b"CapEff" not in text:
            text += await child.read()
        assert int(text.split()[0]) != 0
        assert int(text.split()[-1], 16) == 0
        pids = running(marker)
        assert pids
        assert 0 not in map(owner, pids)
    assert running(marker) == []


async def test_the_environment_is_what_was_given(sandbox, tree, monkeypatch):
    monkeypatch.setenv("HARNESS_WEBHOOK_SECRET", "ours")
    env = {"PATH": "/usr/bin:/bin", "API_KEY": "k=y ä\n'\"$x", "EMPTY": "", "HOME": "/elsewhere"}
    said = await say(sandbox, Fence(tree=tree), "/usr/bin/env", "-0", env=env)
    got = dict(item.split("=", 1) for item in said.out.rstrip("\0").split("\0"))
    assert got == {**env, "HOME": "/home/agent", "TMPDIR": "/tmp", "PWD": "/work"}


async def test_a_key_is_on_no_command_line(sandbox, tree):
    key = "sk-very-unlikely-0123456789"
    child = await sandbox.start(
        Command(argv=("/bin/sh", "-c", "echo up; sleep 50"), env={"API_KEY": key}),
        Fence(tree=tree),
        trusted=False,
    )
    async with child:
        assert await child.read() == b"up\n"
        assert running(key) == []


async def test_standard_input_and_passed_descriptors_arrive_and_no_others(sandbox, tree):
    number = os.memfd_create("given")
    try:
        os.write(number, b"given")
        os.lseek(number, 0, os.SEEK_SET)
        said = await sh(
            sandbox,
            Fence(tree=tree),
            'cat /dev/stdin; cat "/proc/self/fd/$1"; echo; ls /proc/self/fd',
            str(number),
            stdin=b"x" * 2_000_000,
            pass_fds=(number,),
        )
    finally:
        os.close(number)
    first, *descriptors = said.out.split()
    assert first == "x" * 2_000_000 + "given"
    # 3 (or the one after) is the directory that ls reads.
    assert len(descriptors) == 5
    assert {"0", "1", "2", str(number)} < set(descriptors)


async def test_paths_of_the_fence_are_called_by_what_they_are_inside(sandbox, tree, tmp_path):
    git_dir = tmp_path / "mirror.git"
    git(tmp_path, "init", "-q", "--bare", str(git_dir))
    empty_tree = git(git_dir, "hash-object", "-w", "-t", "tree", "/dev/null")
    commit = git(git_dir, "commit-tree", empty_tree, "-m", "the intent")
    git(git_dir, "update-ref", "refs/heads/main", commit)
    diff = tmp_path / "change.diff"
    diff.write_text("the diff")
    said = await sh(
        sandbox,
        Fence(tree=tree, git_dir=git_dir, extra_ro=(diff,)),
        'git log --format=%s main; cat "$HARNESS_DIFF" "$1"; echo;'
        ' echo "$GIT_DIR $HARNESS_DIFF $2 $3"',
        str(diff),
        str(tree / "app.py"),
        "/etc/passwd",
        env={"GIT_DIR": str(git_dir), "HARNESS_DIFF": str(diff), "PATH": "/usr/bin:/bin"},
    )
    assert said.out == (
        "the intent\nthe diffthe diff\n"
        "/repo.git /run/harness/change.diff /work/app.py /etc/passwd\n"
    )


def git(place: Path, *arguments: str) -> str:
    env = {"PATH": "/usr/bin:/bin", "GIT_DIR": str(place), "GIT_CONFIG_NOSYSTEM": "1"}
    env |= {
        f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    if arguments[0] == "init":
        del env["GIT_DIR"]
    done = subprocess.run(["git", *arguments], env=env, check=True, capture_output=True)
    return done.stdout.decode().strip()


async def test_the_view_names_the_places(sandbox, tree, tmp_path):
    diff = tmp_path / "change.diff"
    diff.write_text("")
    fence = Fence(tree=tree, extra_ro=(diff,))
    command = Command(argv=("/bin/sh",))
    view = await sandbox.view(command, fence, trusted=False)
    assert (view.sandboxed, view.tree, view.git_dir) == (True, Path("/work"), None)
    assert view.extra == {diff: Path("/run/harness/change.diff")}
    off = await Sandbox(mode="off").view(command, fence, trusted=False)
    assert (off.sandboxed, off.tree, off.extra) == (False, tree, {diff: diff})


# ------------------------------------------------------------------------------ what it allows


async def test_files_and_memory_file_systems_have_limits(sandbox, tree):
    fence = Fence(tree=tree, file_bytes=2**20, tmp_bytes=2**22, home_bytes=2**22, open_files=64)
    script = """
    for place in /tmp /home/agent; do
      for n in 1 2 3 4 5 6 7 8; do head -c 900000 /dev/zero > $place/$n; done
      head -c 3000000 /dev/zero > $place/9
    done 2>/dev/null
    du -sk /tmp /home/agent
    ulimit -n; ulimit -c
    """
    said = await sh(sandbox, fence, script)
    tmp, _, home, _, files, core = said.out.split()
    assert 3000 < int(tmp) <= 4096
    assert 3000 < int(home) <= 4096
    assert (files, core) == ("64", "0")
    big = await sh(sandbox, fence, "head -c 3000000 /dev/zero > /dev/shm/x; stat -c %s /dev/shm/x")
    assert big.out == f"{2**20}\n"


# ------------------------------------------------------------------------- what it leaves behind


DAEMON = 'setsid sh -c \'trap "" TERM; while :; do sleep 0.1; done\' "$1" >/dev/null 2>&1 &'


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 4, 6, 8, 12, 16, 24])
async def test_a_kill_at_any_moment_of_the_start_leaves_nothing(
    sandbox, tree, tmp_path, milliseconds
):
    marker = f"marker-{tmp_path.name}-{os.getpid()}"
    command = Command(argv=("/bin/sh", "-c", "while :; do sleep 0.1; done", marker))
    child = await sandbox.start(command, Fence(tree=tree), trusted=False)
    await asyncio.sleep(milliseconds / 1000)
    await child.kill(grace=0)
    assert running(marker) == []


async def test_an_agent_that_ends_takes_its_daemons_along(sandbox, tree, tmp_path):
    marker = f"marker-{tmp_path.name}-{os.getpid()}"
    said = await sh(sandbox, Fence(tree=tree), f"{DAEMON} sleep 0.2; echo done", marker)
    assert (said.code, said.out) == (0, "done\n")
    assert running(marker) == []


HARNESS = """
import asyncio, sys
from pathlib import Path
from bot.process import Command
from bot.sandbox.fence import Fence
from bot.sandbox.sandbox import Sandbox

async def main():
    command = Command(argv=("/bin/sh", "-c", "echo up; " + sys.argv[2], "sh", sys.argv[3]))
    child = await Sandbox().start(command, Fence(tree=Path(sys.argv[1])), trusted=False)
    print((await child.read()).decode(), flush=True)
    await asyncio.sleep(100)

asyncio.run(main())
"""


def test_a_killed_harness_takes_its_agents_along(sandbox, tree, tmp_path):
    marker = f"marker-{tmp_path.name}-{os.getpid()}"
    script = f"{DAEMON} while :; do sleep 0.1; done"
    with subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(tree), script, marker],
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    ) as harness:
        assert harness.stdout is not None
        assert harness.stdout.readline() == b"up\n"
        mine = set(running(marker)) - {harness.pid}
        assert mine
        harness.kill()
    for _ in range(200):
        if not set(running(marker)) & mine:
            break
        time.sleep(0.02)
    assert not set(running(marker)) & mine


# --------------------------------------------------------------------- programs of all kinds


@pytest.mark.parametrize("mode", ["auto", "off"])
async def test_an_analyzer_of_a_virtual_environment_works(mode: Mode, tree, tmp_path):
    bandit = str(Path(sys.executable).parent / "bandit")
    command = ("-q", "-f", "json", "./app.py")
    said = await say(Sandbox(mode=mode), Fence(tree=tree), bandit, *command, trusted=True, cwd=tree)
    assert said.code == 1, said.err
    (result,) = json.loads(said.out)["results"]
    assert (result["test_id"], result["filename"]) == ("B101", "././app.py")


async def test_a_script_in_a_closed_directory_runs_and_its_neighbours_stay_hidden(
    sandbox, tree, tmp_path
):
    script = tmp_path / "agents" / "mine"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nls "${0%/*}"; cat "$1"; pwd\n')
    script.chmod(0o755)
    (script.parent / "key").write_text("secret")
    said = await say(sandbox, Fence(tree=tree), str(script), str(script.parent / "key"))
    assert said.out == "mine\n/work\n"


async def test_an_interpreter_is_given_a_script(sandbox, tree, tmp_path):
    script = tmp_path / "review.py"
    script.write_text("import sys; print(sys.argv[1:], open('app.py').read())")
    fence = Fence(tree=tree, extra_ro=(script,))
    said = await say(sandbox, fence, sys.executable, str(script), "x")
    assert said.out.startswith("['x'] import os"), said.err


async def test_a_program_from_the_tree_may_run_inside_but_is_no_analyzer(sandbox, tree):
    script = tree / "review.sh"
    script.write_text("#!/bin/sh\necho hello\n")
    script.chmod(0o755)
    assert (await say(sandbox, Fence(tree=tree), str(script))).out == "hello\n"
    with pytest.raises(AgentFailed, match="lies in the tree"):
        await say(sandbox, Fence(tree=tree), str(script), trusted=True)


# --------------------------------------------------------------------------- without a sandbox


def test_the_service_user_is_never_root():
    user = service_user()
    assert (user is None) == (os.geteuid() != 0)
    assert user is None or (user.uid != 0 and user.gid != 0)


async def test_auto_refuses_agents_and_says_why(no_bwrap, tree):
    probe = await no_bwrap.check()
    assert not probe.works
    with pytest.raises(AgentFailed, match=r"no sandbox works here: .*/nowhere/bwrap") as caught:
        await sh(no_bwrap, Fence(tree=tree), "echo ran")
    assert caught.value.kind == FailureKind.SANDBOX


WHO = """
import json, os, sys
status = open("/proc/self/status").readlines()
print(json.dumps({
    "uid": os.getuid(),
    "groups": os.getgroups(),
    "env": dict(os.environ),
    "cwd": os.getcwd(),
    "beside": os.listdir(".."),
    "home": os.listdir(os.environ["HOME"]),
    "rights": [line for line in status if line.startswith(("NoNew", "CapEff"))],
    "secret": os.access(sys.argv[1], os.R_OK),
}))
open(os.environ["HOME"] + "/x", "w")
"""


@pytest.mark.parametrize("how", ["analyzer", "off"])
async def test_what_runs_without_a_sandbox_is_the_service_user_with_a_clean_environment(
    how, no_bwrap, tree, tmp_path, monkeypatch
):
    monkeypatch.setenv("HARNESS_WEBHOOK_SECRET", "ours")
    sandbox = no_bwrap if how == "analyzer" else Sandbox(mode="off")
    secret = tmp_path / "checkout" / "secret"
    said = await say(
        sandbox,
        Fence(tree=tree),
        sys.executable,
        *("-c", WHO, str(secret)),
        trusted=how == "analyzer",
        env={"A": "b", "LC_ALL": "C.UTF-8", "HOME": "/elsewhere"},
    )
    assert said.code == 0, said.err
    told = json.loads(said.out)
    scratch = Path(told["env"]["HOME"]).parent
    assert told["env"] == {
        "A": "b",
        "LC_ALL": "C.UTF-8",
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
    }
    assert told["cwd"] == str(tree)
    assert told["home"] == []
    assert not exists(str(scratch))
    if os.geteuid() == 0:
        assert told["uid"] == service_user().uid  # type: ignore[union-attr]  # root has one
        assert told["groups"] == []
        assert told["rights"] == ["CapEff:\t0000000000000000\n", "NoNewPrivs:\t1\n"]
        # The directory above is closed; only the tree was put back.
        assert told["beside"] == ["tree"]
        assert told["secret"] is False


async def test_a_scratch_home_of_any_depth_is_removed(tree):
    deep = "import os\nos.chdir(os.environ['HOME'])\nprint(os.getcwd())\n" + (
        "for _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\n"
    )
    said = await say(Sandbox(mode="off"), Fence(tree=tree), sys.executable, "-c", deep)
    assert said.code == 0, said.err
    assert not exists(said.out.strip())


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$"])
async def test_an_exit_status_comes_through(sandbox, tree, script):
    inside = await sh(sandbox, Fence(tree=tree), script)
    outside = await sh(Sandbox(mode="off"), Fence(tree=tree), script)
    assert (inside.code, outside.code) == ((3, 3) if "exit" in script else (137, -9))


async def test_require_stops_the_start_where_no_sandbox_works():
    with pytest.raises(ConfigurationError, match=r"HARNESS_SANDBOX=require.*/nowhere/bwrap"):
        await Sandbox(mode="require", bwrap="/nowhere/bwrap").check()


async def test_require_goes_on_where_one_does(sandbox):
    assert (await Sandbox(mode="require").check()).works


async def test_a_broken_bwrap_is_found_out_by_using_it(tmp_path, tree):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    probe = await Sandbox(bwrap=str(fake)).probe()
    assert not probe.works
    assert probe.reason


# ------------------------------------------------------------------------------------- refusals


async def test_a_missing_program_is_told(sandbox, tree):
    with pytest.raises(AgentFailed, match="there is no program /nowhere/at/all") as caught:
        await say(sandbox, Fence(tree=tree), "/nowhere/at/all")
    assert caught.value.kind == FailureKind.NOT_FOUND


async def test_a_missing_tree_is_told(sandbox, tmp_path):
    with pytest.raises(AgentFailed, match="No such file or directory") as caught:
        await sh(sandbox, Fence(tree=tmp_path / "nowhere"), "true")
    assert caught.value.kind == FailureKind.SANDBOX


@needs_root
@pytest.mark.parametrize("what", ["program", "interpreter"])
async def test_a_program_that_only_root_may_read_is_refused(sandbox, tree, tmp_path, what):
    shell = tmp_path / "shell"
    shutil.copy("/bin/sh", shell)
    script = tmp_path / "mine"
    script.write_text(f"#!{shell}\necho ran\n")
    script.chmod(0o755)
    (script if what == "program" else shell).chmod(0o700)
    with pytest.raises(AgentFailed, match="cannot be read by user") as caught:
        await say(sandbox, Fence(tree=tree), str(script))
    assert caught.value.kind == FailureKind.NOT_FOUND


@needs_root
async def test_a_tree_that_only_root_may_read_is_refused(sandbox, tree):
    tree.chmod(0o700)
    with pytest.raises(AgentFailed, match=r"tree \(drwx------\) cannot be read") as caught:
        await sh(sandbox, Fence(tree=tree), "true")
    assert caught.value.kind == FailureKind.SANDBOX


@needs_root
async def test_a_tree_that_is_to_be_written_becomes_the_service_users_and_nothing_beyond(
    sandbox, tree, tmp_path
):
    outside = tmp_path / "outside"
    outside.write_text("ours\n")
    (tree / "link").symlink_to(outside)
    done = await sh(sandbox, Fence(tree=tree, access=Access.WRITE), "echo x > app.py; echo y > new")
    assert done.code == 0, done.err
    assert (tree / "app.py").read_text() == "x\n"
    assert (tree / "new").stat().st_uid == sandbox.user.uid
    assert outside.stat().st_uid == 0


@needs_root
async def test_a_tree_that_is_only_read_keeps_its_owner(sandbox, tree):
    before = (tree / "app.py").stat().st_uid
    await sh(sandbox, Fence(tree=tree), "true")
    assert (tree / "app.py").stat().st_uid == before


@needs_root
@pytest.mark.parametrize("trusted", [True, False])
async def test_a_closed_directory_without_the_right_to_mount_is_told(tree, trusted, tmp_path):
    sandbox = Sandbox(mode="off")
    sandbox._probe = replace(await sandbox.probe(), no_staging="Operation not permitted")
    with pytest.raises(AgentFailed, match="install below a directory that every user may enter"):
        await sh(sandbox, Fence(tree=tree), "true", trusted=trusted)


def mounts() -> str:
    return Path("/proc/self/mountinfo").read_text()


@needs_root
async def test_our_own_mounts_are_not_changed(sandbox, tree):
    before = mounts()
    await sh(sandbox, Fence(tree=tree), "true")
    assert mounts() == before
    assert (tree / "app.py").exists()


# --------------------------------------------------------------------------- without being root


AS_USER = """
import asyncio, json, os, sys
from pathlib import Path
from bot.process import Command
from bot.sandbox.fence import Fence
from bot.sandbox.sandbox import Sandbox

SCRIPT = '''
id -u; cat app.py | wc -l
cat /proc/1/environ | wc -c
test -w /proc/sys/kernel/hostname && echo writable
touch /work/x 2>/dev/null && echo wrote
test -e /etc/shadow && echo host
exit 0
'''

async def main():
    sandbox = Sandbox(mode="require")
    await sandbox.check()
    command = Command(argv=("/bin/sh", "-c", SCRIPT))
    async with await sandbox.start(command, Fence(tree=Path.cwd()), trusted=False) as child:
        out = b"".join([chunk async for chunk in child.chunks()])
        code = await child.wait()
    print(json.dumps([os.getuid(), code, out.decode().split(), child.stderr]))

asyncio.run(main())
"""


@needs_root
async def test_all_of_it_works_for_a_user_that_is_not_root(sandbox, tree):
    # The harness inside runs as the service user, as it would on a machine of its own.
    fence = Fence(tree=tree, extra_ro=(ROOT / "bot",))
    said = await say(
        Sandbox(mode="off"),
        fence,
        *(sys.executable, "-c", AS_USER),
        env={"PYTHONPATH": str(ROOT)},
    )
    assert said.code == 0, said.err
    uid, code, out, err = json.loads(said.out)
    assert uid == service_user().uid  # type: ignore[union-attr]  # root has one
    assert (code, out, err) == (0, [str(uid), "2", "0"], "")


async def test_many_at_once(sandbox, tree):
    began = time.monotonic()
    said = await asyncio.gather(*(sh(sandbox, Fence(tree=tree), f"echo {n}") for n in range(10)))
    assert [int(item.out) for item in said] == list(range(10))
    assert time.monotonic() - began < 30


async def test_where_no_group_can_be_made_the_data_of_each_process_is_limited(tree, monkeypatch):
    monkeypatch.setattr("bot.sandbox.cgroup.found", lambda: None)
    sandbox = Sandbox()
    fence = Fence(tree=tree, memory_bytes=300 * 1024 * 1024)
    grow = "print(len(bytearray(400 * 1024 * 1024)))"
    said = await say(sandbox, fence, "/usr/bin/env", "python3", "-c", grow)
    assert (said.code, "MemoryError" in said.err) == (1, True)


async def test_no_control_group_is_left(sandbox, tree):
    groups = (await sandbox.probe()).groups
    if groups is None:
        pytest.skip("no control group can be made here")
    child = await sandbox.start(
        Command(argv=("/bin/sh", "-c", "sleep 60")), Fence(tree=tree), trusted=False
    )
    assert list(groups.base.glob("harness-*"))
    before = {path.name for path in groups.base.glob("harness-*")}
    await child.kill()
    after = {path.name for path in groups.base.glob("harness-*")}
    assert len(before - after) == 1
