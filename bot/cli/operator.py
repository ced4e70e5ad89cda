"""The operator's settings for commands that are run where somebody else's commits are checked out.

``harness review`` is started in the repository that it reviews. A ``harness.toml`` or ``.env`` that
is under version control there came with those commits: it could name any program as an agent and
switch the sandbox off. It is read only if the operator names it in ``HARNESS_CONFIG``.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.checkout.local import versioned
from bot.settings import FILES


def files_are_ours() -> bool:
    """Whether the settings files of the working directory may be read; says so if not."""
    foreign = asyncio.run(versioned(Path.cwd(), FILES))
    if foreign:
        sys.stderr.write(
            f"harness: not read, because this repository holds it: {', '.join(foreign)}"
            " (HARNESS_CONFIG names a harness.toml to read)\n"
        )
    return not foreign
