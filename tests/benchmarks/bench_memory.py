"""What an idle `serve` holds in memory, and which libraries it never loads."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bot.app import free_port
from bot.demo import EmbeddedGitHub

GOAL_MB = 160
NEVER = ("alembic", "typer", "tree_sitter", "ruff", "bandit", "zizmor", "bot.demo", "bot.cli")


async def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        async with EmbeddedGitHub(Path(place) / "github") as github:
            port = free_port()
            env = {
                "PATH": os.environ["PATH"],
                "HARNESS_APP_ID": str(github.app_id),
                "HARNESS_PRIVATE_KEY": github.private_key,
                "HARNESS_WEBHOOK_SECRET": github.webhook_secret,
                "HARNESS_GITHUB_API_URL": github.api_url,
                "HARNESS_GITHUB_URL": github.url,
                "HARNESS_DATA_DIR": f"{place}/data",
                "HARNESS_PORT": str(port),
                "PYTHONPROFILEIMPORTTIME": "1",
            }
            with Path(place, "stderr").open("w+") as stderr:
                child = subprocess.Popen(
                    [sys.executable, "-m", "bot", "serve"], env=env, cwd=place, stderr=stderr
                )
                try:
                    await asyncio.to_thread(ready, port)
                    await asyncio.sleep(5)
                    rss = resident(child.pid)
                finally:
                    child.terminate()
                    child.wait(30)
                loaded = modules(Path(place, "stderr").read_text())
    found = sorted(name for name in NEVER if name in loaded)
    needless = ", ".join(found) or "nothing"
    print(f"idle `serve`: {rss:.0f} MB resident (goal {GOAL_MB}); loaded without need: {needless}")
    return 0 if rss <= GOAL_MB and not found else 1


def ready(port: int) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("serve did not become ready")


def resident(pid: int) -> float:
    """Megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def modules(import_times: str) -> set[str]:
    """Names that the interpreter says it imported, and their packages."""
    names = re.findall(r"^import time:.*\|\s*([\w.]+)$", import_times, re.MULTILINE)
    return {
        ".".join(name.split(".")[: n + 1]) for name in names for n in range(name.count(".") + 1)
    }


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
