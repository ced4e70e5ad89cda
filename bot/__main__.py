"""``python -m bot`` and the console script.

``serve`` and ``worker`` run for months: they start without the command line's libraries.
"""

from __future__ import annotations

import sys


def main() -> int:
    """The console script; returns the exit status."""
    if sys.argv[1:] in (["serve"], ["worker"]):
        from bot.app import main as run

        return run(front_door=sys.argv[1] == "serve")
    from bot.cli import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
