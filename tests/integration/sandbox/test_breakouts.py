"""What a process tries in each of the three fences, and what comes of it.

Everything is tried by real programs. Nothing here ever writes to /proc/sys: `test -w` only asks.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.models import Role
from bot.process import Command
from bot.sandbox import profiles
from bot.sandbox.fence import MIB, Fence
from bot.sandbox.launcher import BWRAP
from bot.sandbox.uplink import AllowList
from tests.fakes.fences import give_to_service_user, say, sh
from tests.fakes.processes import running

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not Path(BWRAP).exists(), reason="bubblewrap is not installed"),
]
REFUSED = 3
"""Addresses of `CONNECT` that nobody inside may reach."""

CONNECT = """
import socket, sys
for kind, address in ((socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))),
                      (socket.AF_UNIX, "\\0" + sys.argv[2]),
                      (socket.AF_INET, ("1.1.1.1", 53))):
    try:
        socket.socket(kind).connect(address)
    except OSError as error:
        print("refused")
    else:
        print("connected")
"""
TUNNEL = """
import socket, sys
for place in sys.argv[1:]:
    try:
        proxy = socket.create_connection(("127.0.0.1", 3128))
    except OSError:
        print("nobody")
        continue
    with proxy:
        proxy.sendall(f"CONNECT {place} HTTP/1.1\\r\\n\\r\\n".encode())
        status = proxy.recv(4096).split()[1].decode()
        if status == "200":
            proxy.sendall(b"hello\\n")
            status += " " + proxy.recv(100).decode().strip()
        print(status)
"""
BOMB = """
import os, time
children = 0
try:
    while children < 400:
        if os.fork() == 0:
            time.sleep(2)
            os._exit(0)
        children += 1
except BlockingIOError:
    print(children)
"""
GREEDY = """
import os
pieces = []
while len(pieces) < 200:
    pieces.append(bytearray(os.urandom(1)) * (10 * 1024 * 1024))
print("had it all")
"""
DAEMON = 'setsid sh -c \'trap "" TERM; while :; do sleep 0.1; done\' "$1" >/dev/null 2>&1 &'


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One of the three, with what it is meant to allow."""

    name: str
    fence: Fence
    writes: bool
    port: int
    """Of the one place that it may reach, if it has a network at all."""
    mirror: Path | None = None

    @property
    def network(self) -> bool:
        return self.fence.uplink is not None


@pytest.fixture
async def model() -> AsyncIterator[int]:
    """The host that the operator listed; it answers what it is told."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"you said " + await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


@pytest.fixture(params=["reviewer", "developer", "tester"])
def profile(request: pytest.FixtureRequest, tree: Path, tmp_path: Path, model: int) -> Profile:
    mirror = tmp_path / "mirror.git"
    subprocess.run(["git", "init", "-q", "--bare", str(mirror)], check=True)
    diff = tmp_path / "change.diff"
    diff.write_text("the diff")
    give_to_service_user(tree)
    if request.param == "tester":
        return Profile(name="tester", fence=profiles.tester(tree), writes=True, port=model)
    fence = profiles.agent(
        Role(request.param),
        tree=tree,
        git_dir=mirror,
        files=(diff,),
        uplink=AllowList(hosts=frozenset({("127.0.0.1", model)})),
    )
    writes = request.param == "developer"
    return Profile(name=request.param, fence=fence, writes=writes, port=model, mirror=mirror)


def exists(*place: str) -> bool:
    return Path(*place).exists()


async def test_files_of_this_machine_are_not_there(sandbox, profile, tree, tmp_path):
    (tree / "neighbour").symlink_to("../secret")
    (tree / "absolute").symlink_to(tmp_path / "checkout" / "secret")
    (tree / "shadow").symlink_to("/etc/shadow")
    script = """
    cat neighbour absolute shadow
    for path in "$@"; do test -e "$path" && echo "seen: $path"; done
    ls -A /home
    """
    hidden = [str(tmp_path), "/root", "/var", "/etc/shadow", "/etc/hostname", "/sys", "/srv"]
    said = await sh(sandbox, profile.fence, script, *hidden)
    assert said.out == "agent\n"
    assert said.err.count("No such file") == 3


async def test_only_what_the_profile_allows_is_written(sandbox, profile, tree):
    script = """
    for place in /work / /usr /etc /dev /proc /run /run/harness /run/uplink /repo.git \
        /repo.git/objects /home /tmp /home/agent /dev/shm; do
      if touch "$place/x" 2>/dev/null; then echo "$place"; fi
    done
    rm app.py 2>/dev/null && echo removed
    true
    """
    said = await sh(sandbox, profile.fence, script)
    scratch = ["/tmp", "/home/agent", "/dev/shm"]
    assert said.out.split() == (["/work", *scratch, "removed"] if profile.writes else scratch)
    left = {path.name for path in tree.iterdir()}
    assert left == ({"x"} if profile.writes else {"app.py"})
    assert profile.mirror is None or not (profile.mirror / "x").exists()


async def test_writing_through_a_link_lands_inside(sandbox, profile, tree, tmp_path):
    (tree / "link").symlink_to("/tmp")
    name = f"canary-{tmp_path.name}-{os.getpid()}"
    said = await sh(sandbox, profile.fence, 'echo x > "link/$1"; cat "/tmp/$1"', name)
    assert said.out == "x\n"
    assert not exists("/tmp", name)


async def test_nothing_on_this_machine_or_beyond_answers(sandbox, profile, tree, tmp_path):
    name = f"harness-{tmp_path.name}-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as local:
        local.bind("\0" + name)
        local.listen()
        # The port is the listed host's own: only the way through our side leads there.
        words = (sys.executable, "-c", CONNECT, str(profile.port), name)
        said = await say(sandbox, profile.fence, *words, cwd=tree)
    assert said.out.split() == ["refused"] * REFUSED, said.err


async def test_the_one_way_out_leads_to_the_listed_host_and_nowhere_else(sandbox, profile):
    port = profile.port
    places = (
        f"127.0.0.1:{port}",
        *(f"127.0.0.1:{port + 1}", f"localhost:{port}", "127.0.0.1:80", "api.model.test:443"),
        f"user@127.0.0.1:{port}",
    )
    said = await say(sandbox, profile.fence, sys.executable, "-c", TUNNEL, *places)
    if not profile.network:
        assert said.out.split() == ["nobody"] * len(places)
        return
    assert said.out.splitlines() == ["200 you said hello", *["403"] * 4, "400"]


async def test_only_its_own_processes_are_visible(sandbox, profile):
    said = await sh(sandbox, profile.fence, "cat /proc/[0-9]*/comm")
    # With a way out there is our bridge, which is its parent.
    bridge = {"python3"} if profile.network else set()
    assert set(said.out.split()) <= {"bwrap", "sh", "cat", *bridge}
    assert len(said.out.split()) <= 4 + len(bridge)


async def test_no_process_inside_holds_an_environment_of_ours(sandbox, profile, monkeypatch):
    monkeypatch.setenv("HARNESS_WEBHOOK_SECRET", "ours")
    said = await sh(sandbox, profile.fence, "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline")
    assert "PWD=/work" in said.out  # they could be read
    assert "ours" not in said.out
    assert "HARNESS" not in said.out


async def test_the_kernel_cannot_be_told_anything(sandbox, profile):
    script = """
    find /proc/sys -maxdepth 2 -type f | while read -r file; do
      test -w "$file" && echo "$file"
    done
    test -e /proc/sys/kernel/core_pattern && echo looked
    """
    assert (await sh(sandbox, profile.fence, script)).out == "looked\n"


async def test_there_are_no_further_namespaces_mounts_or_rights(sandbox, profile):
    script = """
    unshare --user true && echo user
    unshare --mount true && echo mount
    mount -t tmpfs tmpfs /tmp && echo mounted
    mount -o remount,rw / && echo remounted
    mknod /tmp/sda b 8 0 && echo device
    umount /work && echo unmounted
    chroot /work && echo chroot
    grep -E 'NoNewPrivs|Cap(Eff|Prm|Bnd|Amb)' /proc/self/status
    """
    said = await sh(sandbox, profile.fence, script)
    rights = dict(line.split(":\t") for line in said.out.splitlines())
    none = "0" * 16
    assert rights == dict.fromkeys(("CapPrm", "CapEff", "CapBnd", "CapAmb"), none) | {
        "NoNewPrivs": "1"
    }


async def test_a_fork_bomb_ends_at_the_limit_and_the_neighbours_are_not_counted(sandbox, profile):
    fence = replace(profile.fence, pids=64)
    python = ("/usr/bin/env", "python3", "-c", BOMB)
    first, second = await asyncio.gather(say(sandbox, fence, *python), say(sandbox, fence, *python))
    assert [50 < int(said.out or 0) < 64 for said in (first, second)] == [True, True]


async def test_more_memory_than_allowed_ends_all_of_it_and_is_told(sandbox, profile):
    fence = replace(profile.fence, memory_bytes=300 * MIB)
    said = await say(sandbox, fence, "/usr/bin/env", "python3", "-c", GREEDY)
    assert said.code != 0
    assert "had it all" not in said.out
    told = "MemoryError"
    if (await sandbox.probe()).groups is not None:
        told = "it went over its memory limit of 300 MiB"
    assert told in said.err


async def test_a_file_ends_at_the_limit(sandbox, profile):
    limit = profile.fence.file_bytes
    script = f"head -c {limit + 10 * MIB} /dev/zero > /tmp/big; stat -c %s /tmp/big"
    fence = replace(profile.fence, tmp_bytes=2 * limit)
    assert (await sh(sandbox, fence, script)).out == f"{limit}\n"


async def test_scratch_space_ends_at_the_limit(sandbox, profile):
    fence = replace(profile.fence, tmp_bytes=4 * MIB, home_bytes=4 * MIB)
    script = """
    for place in /tmp /home/agent; do
      head -c 9000000 /dev/zero > $place/x; stat -c %s $place/x
    done 2>/dev/null
    """
    said = await sh(sandbox, fence, script)
    assert said.out.split() == [str(4 * MIB)] * 2


async def test_a_spinning_process_is_ended_by_its_own_limit(sandbox, profile):
    said = await sh(sandbox, replace(profile.fence, cpu_seconds=1), "while :; do :; done")
    assert said.code in (128 + 24, 128 + 9)


async def test_kill_leaves_no_daemon_that_ignores_it(sandbox, profile, tmp_path):
    marker = f"marker-{tmp_path.name}-{os.getpid()}"
    script = f"{DAEMON} sleep 0.2; echo up; trap '' TERM; while :; do sleep 0.1; done"
    command = Command(argv=("/bin/sh", "-c", script, "sh", marker))
    child = await sandbox.start(command, profile.fence, trusted=False)
    assert await child.read() == b"up\n"
    assert len(running(marker)) >= 2
    await child.kill(grace=0.2)
    assert running(marker) == []


async def test_the_first_process_inside_cannot_be_killed_from_inside(sandbox, profile):
    said = await sh(sandbox, profile.fence, "kill -9 1; sleep 0.1; echo alive")
    assert said.out == "alive\n"
