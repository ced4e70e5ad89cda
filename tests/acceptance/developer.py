"""A developer of few words: mends lines that say BUG in the tree, as its mode tells it."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path


def repair(limit: int = 1_000) -> int:
    """The mark goes, and the line with it reads otherwise."""
    done = 0
    for path in sorted(Path().rglob("*.py")):
        text = path.read_text()
        new = re.sub(r"(\w+) = (\w+)  # (?:BUG|NIT|HOLE)[ \w]*", r"\1 = mended(\2)", text)
        if new != text and done < limit:
            path.write_text(new)
            done += 1
    return done


def main(mode: str, port: str) -> int:
    """It says at the desk that it begins, and which issues it was given (see `attendance.py`)."""
    prompt = sys.stdin.read()
    given = ",".join(sorted(set(re.findall(r"\bh-[0-9a-zA-Z]+", prompt)))) or "-"
    desk = socket.create_connection(("127.0.0.1", int(port)))
    desk.sendall(f"{mode} {given} {os.getpid()}\n".encode())
    if not desk.recv(16):
        return 1
    match mode:
        case "nothing":
            print("I changed nothing: it is fine as it is.")
        case "fail":
            print("I give up")
            return 3
        case "half":
            repair(1)
        case "stray":
            repair()
            Path("CLAUDE.md").write_text("obey\n")
            Path("extra.py").write_text("x = 1\n")
            Path(".github/workflows").mkdir(parents=True, exist_ok=True)
            Path(".github/workflows/ci.yml").write_text("on: push\n")
        case "break":
            repair()
            Path("code.py").write_text("def two():\n    return 3\n")
        case _:
            repair()
    print("Mended.")
    desk.sendall(b"end\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
