"""How many edges are found, and how long it takes.

``python -m tests.benchmarks.bench_related [FOLDER…]``: a line for each folder and language; without
any, the packages of this environment. That edges of Python are grimp's own, a test says.
"""

from __future__ import annotations

import sys
import sysconfig
import time
from pathlib import Path

from bot.context.structure.related.files import Files
from bot.context.structure.related.languages import READERS

PACKAGES = ("aiohttp", "pydantic", "sqlalchemy")


def main() -> int:
    print(f"{'folder':40}{'language':12}{'files':>7}{'edges':>8}{'sources':>9}{'time':>9}")
    libraries = Path(sysconfig.get_path("purelib"))
    folders = [Path(name) for name in sys.argv[1:]] or [libraries / name for name in PACKAGES]
    for folder in folders:
        files = Files(folder)
        for suffixes, edges in READERS:
            sources = files.with_suffix(*suffixes)
            if not sources:
                continue
            started = time.perf_counter()
            found = set(edges(files))
            seconds = time.perf_counter() - started
            having = len({one for one, _other in found})
            print(
                f"{str(folder)[-38:]:40}{suffixes[0]:12}{len(sources):7}{len(found):8}"
                f"{having:9}{seconds:8.2f}s"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
