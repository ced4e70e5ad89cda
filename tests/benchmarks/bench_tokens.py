"""What the estimate of tokens is worth on nine kinds of text.

``python -m tests.benchmarks.bench_tokens [FILE…]``

Against the true counts of cl100k (tiktoken 0.14.0), kept beside the samples. With files as
arguments it prints their estimate alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bot.context.tokens import estimate

SAMPLES = Path(__file__).parents[1] / "samples" / "tokens"
LEAST, MOST = 0.90, 1.25


def main() -> int:
    for name in sys.argv[1:]:
        print(f"{estimate(Path(name).read_text('utf-8', 'replace')):10,}  {name}")
    if sys.argv[1:]:
        return 0
    missed = False
    for kind, true in json.loads((SAMPLES / "cl100k.json").read_text("utf-8")).items():
        said = estimate((SAMPLES / f"{kind}.txt").read_text("utf-8"))
        missed |= not LEAST <= said / true <= MOST
        print(f"{kind:10}{true:7,} tokens, estimated {said:7,}: {said / true:5.2f}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
