"""A reviewer of few words: reports every added line that says BUG, as its mode tells it."""

from __future__ import annotations

import codecs
import json
import os
import re
import socket
import sys
import time
from pathlib import Path

SEVERITIES = {"BUG": "major", "NIT": "minor", "HOLE": "critical"}


def findings(only: str | None = None) -> list[dict[str, object]]:
    """From the diff file of the contract: lines that were added and name their severity."""
    found: list[dict[str, object]] = []
    file, line = "", 0
    for text in Path(os.environ["HARNESS_DIFF"]).read_text("utf-8", "replace").split("\n"):
        if text.startswith(("+++ b/", '+++ "b/')):
            file = unquoted(text.removeprefix("+++ ").split("\t")[0]).removeprefix("b/")
        elif start := re.match(r"@@ -\S+ \+(\d+)", text):
            line = int(start[1])
        elif text.startswith("+"):
            word = re.search(r"(BUG|NIT|HOLE)(?: (\w+))?", text)
            if word and (only is None or word[2] == only):
                name = word[2] or "plain"
                found.append(
                    {
                        "severity": SEVERITIES[word[1]],
                        "file": file,
                        "line": line,
                        # With no word in common, two agents' findings are never one issue.
                        "title": f"{name}_title" if only else f"the {name} problem is here",
                        "description": f"{name}_handle"
                        if only
                        else f"`{name}` goes wrong when somebody uses {name} in {file}",
                    }
                )
            line += 1
        elif text.startswith(" "):
            line += 1
    return found


def judgement(prompt: str) -> dict[str, object]:
    """Against every report that a judge is asked about."""
    ids = re.findall(r"^Report (h-\w+) ", prompt, re.MULTILINE)
    rejected = [{"id": name, "reason": "the code says otherwise"} for name in ids]
    return {"summary": "judged", "rejected": rejected}


def unquoted(name: str) -> str:
    """git quotes names that are not plain ASCII."""
    if not name.startswith('"'):
        return name
    raw, _ = codecs.escape_decode(name[1:-1].encode())
    return os.fsdecode(raw)


def report(port: int, name: str) -> socket.socket:
    """Say at the desk who begins, and wait until it lets us go on (see `attendance.py`)."""
    desk = socket.create_connection(("127.0.0.1", port))
    desk.sendall(f"{name} {os.environ['HARNESS_HEAD_SHA']} {os.getpid()}\n".encode())
    if not desk.recv(16):
        sys.exit("the desk is closed")
    return desk


def main(mode: str) -> int:
    prompt = sys.stdin.read()
    if mode == "reject":
        print(json.dumps(judgement(prompt)))
        return 0
    desk = report(int(sys.argv[2]), sys.argv[3]) if mode == "report" else None
    only = sys.argv[2] if mode == "only" else None
    if mode == "slow":
        time.sleep(float(sys.argv[2]))
    if mode == "hang":
        time.sleep(600)
    if mode in ("nothing", "garbage"):
        print("I looked at everything and it is all fine, ship it!" * (mode == "garbage"), end="")
        return 0
    if mode in ("flood", "drown"):
        chunk = "x" * 1023 + "\n"
        for _ in range(32 * 1024):
            sys.stdout.write(chunk)
    if mode == "drown":
        return 0
    if mode == "talk":
        print(Path(sys.argv[2]).read_text())
        return 0
    said = prompt if mode == "echo" else ""
    print(said + json.dumps({"summary": "read", "issues": findings(only)}), flush=True)
    if desk is not None:
        desk.sendall(b"end\n")
    return 3 if mode == "exit" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
