"""How often issues' states are wrong. ``python -m tests.benchmarks.bench_evidence [HISTORIES]``.

First a corpus of fixes and of changes that fix nothing, with a finder who finished and is silent;
then histories of 100 pushes each, with agents that fail, overlook and re-word.
"""

from __future__ import annotations

import sys

from tests.fakes.histories import History, Score
from tests.fakes.measures import evidence


def main(histories: int) -> int:
    """Non-zero if a goal was missed."""
    corpus = evidence()
    print(f"{corpus.fixes} fixes: {corpus.false_open:.1%} not seen (at most 15 %)")
    print(f"{corpus.others} other changes: {corpus.false_addressed:.1%} called addressed (5 %)")
    score = Score()
    for seed in range(histories):
        score.add(History(seed).play(100))
    right, kept = score.right / score.states, score.kept / score.found
    print(f"{histories} histories of 100 pushes: {right:.1%} of {score.states} states right (95 %)")
    print(f"ids kept: {kept:.1%} of {score.found}; used for two issues: {score.reused} (0)")
    print(f"anchors that GitHub takes: {score.valid} of {score.anchors} (all)")
    print(f"issues that the merge split: {score.split}, that it mixed: {score.mixed}")
    for words, count in score.wrong.most_common(6):
        print(f"  {words}: {count}")
    good = (
        corpus.false_open <= 0.15
        and corpus.false_addressed <= 0.05
        and right >= 0.95
        and score.reused == 0
        and score.valid == score.anchors
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
