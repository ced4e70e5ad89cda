"""Installs the vendors' command lines from the lock file of this folder, once for a version of it.

They lie beside the packages of this environment, so `make clean` forgets them too. A machine
without npm, without the registry or of another make has a reason instead.
"""

from __future__ import annotations

import fcntl
import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
FILES = ("package.json", "package-lock.json")
INSTALL_SECONDS = 240.0
PROGRAMS = {
    "claude": "@anthropic-ai/claude-code-linux-x64/claude",
    "codex": "@openai/codex/bin/codex.js",
    "gemini": "@google/gemini-cli/bundle/gemini.js",
    "opencode": "opencode-linux-x64-baseline/bin/opencode",
}
"""What npm would link as a command. Two are named by their native binary: the packages around
them only choose the binary of the machine, one of them by a script of its own at installation."""


class NotInstalled(Exception):
    """The message says why the command lines are not there."""


def installed() -> Path:
    """The folder of the four programs, for a ``PATH``; `NotInstalled` says why there is none."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NotInstalled(f"the lock file is for Linux on x86_64, not {platform.machine()}")
    place = Path(sys.prefix) / "real-cli" / _digest()
    place.parent.mkdir(exist_ok=True)
    with (place.parent / "lock").open("w") as lock:
        # Tests run in several processes, and each of them asks.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            _install(place)
    return place / "bin"


def _digest() -> str:
    content = b"".join((FOLDER / name).read_bytes() for name in FILES)
    return hashlib.sha256(content).hexdigest()[:12]


def _install(place: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise NotInstalled("npm or node is not installed")
    making = place.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o755)
    for name in FILES:
        shutil.copy(FOLDER / name, making)
    _run_npm(npm, making)
    (making / "bin").mkdir()
    for name, path in PROGRAMS.items():
        assert (making / "node_modules" / path).is_file(), path
        (making / "bin" / name).symlink_to(Path("../node_modules") / path)
    making.rename(place)


def _run_npm(npm: str, place: Path) -> None:
    """No scripts of packages, and files that the user of the agents may read."""
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    try:
        done = subprocess.run(
            command,
            cwd=place,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
            umask=0o022,
        )
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"npm did not end in {INSTALL_SECONDS:g} s") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "error" in line] or ["nothing"]
        raise NotInstalled(f"npm could not install them: {said[0][:200]}")
