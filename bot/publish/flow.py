"""Takes secrets out of a text that comes in pieces.

What may be the beginning of a secret is kept until it is known whether it is one, so that no cut
between two pieces hides a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.publish.redact import LOOKS_SECRET, REDACTED, SHORTEST

# A text that ends so may be followed by the rest of a secret. Each is the beginning of what
# `LOOKS_SECRET` finds, but too short to be found: longer ones are found, and reach the end.
_OPENINGS = (
    *(f"gh{kind}_" for kind in "pousr"), "github_pat_", "sk-", "AKIA", "ASIA",
    *(f"xox{kind}-" for kind in "abeoprs"), "AIza", "glpat-", "eyJ", "-----BEGIN ",
)  # fmt: skip
_CUT_OPENING = "|".join(
    sorted({re.escape(word[:size]) for word in _OPENINGS for size in range(1, len(word))})
)
_UNFINISHED = re.compile(
    rf"""
    (?: (?<![A-Za-z0-9_-])
        (?: {_CUT_OPENING}
          | sk-[A-Za-z0-9_-]{{0,15}} | AIza[A-Za-z0-9_-]{{0,29}} | glpat-[A-Za-z0-9_-]{{0,15}}
          | eyJ[A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_-]*+)?
        )
      | (?<![A-Za-z0-9])
        (?: {_CUT_OPENING}
          | gh[pousr]_[A-Za-z0-9]{{0,15}} | github_pat_[A-Za-z0-9_]{{0,19}}
          | (?:AKIA|ASIA)[0-9A-Z]{{0,15}} | xox[abeoprs]-[A-Za-z0-9-]{{0,9}}
        )
      | -{{1,5}} | -----B(?:E(?:G(?:I(?:N)?)?)?)? | -----BEGIN\ [A-Z0-9\ ]{{0,60}}-{{0,5}}
    ) \Z
    """,
    re.VERBOSE,
)
_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_LONG_RUN = re.compile(r"[A-Za-z0-9_-]{200,}+")
_KEPT = 100
"""Characters at either end of a long secret that show its kind and where it ends."""
_LOOK_BACK = 4_096
"""Longer than any beginning of a secret that is not seen as one yet."""
_MOST_HELD = 8 * 1024
_MOST_SEAMS = 64

_Span = tuple[int, int]


class Flow:
    """One text on its way.

    Its pieces may be parts of one text or texts of their own, and nobody knows which: a secret is
    found in a piece by itself, and across the pieces as if nothing were between them. A piece is
    handed out whole, once nothing of it has to wait; a secret stands where it began.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(secret for secret in set(secrets) if len(secret) >= SHORTEST)
        self._ready = ""
        """The beginning of the oldest piece that waits, for which nothing can change any more."""
        self._held = ""
        self._ends: list[int] = []
        """Where in the held text a piece ends."""
        self._seams: list[int] = []
        """Where in it a piece began, if it began like a secret."""

    def push(self, piece: str) -> list[str]:
        """The pieces that need not wait any longer, without secrets, in their order."""
        if not piece:
            return []
        if self._held and _begins(piece):
            self._seams = [*self._seams, len(self._held)][-_MOST_SEAMS:]
        self._held += piece
        self._ends.append(len(self._held))
        spans = self._spans()
        done = self._release(self._cut(spans), spans)
        return [*done, *self._shorten()] if len(self._held) > _MOST_HELD else done

    def end(self) -> list[str]:
        """The pieces that still waited."""
        return self._release(len(self._held), self._spans())

    def _release(self, cut: int, spans: Sequence[_Span]) -> list[str]:
        """Up to ``cut``, which is at no place inside of a secret."""
        done: list[str] = []
        start = 0
        for end in self._ends:
            self._ready += _without(self._held, start, min(end, cut), spans)
            if end > cut:
                break
            done.append(self._ready)
            self._ready, start = "", end
        self._held = self._held[cut:]
        self._ends = [end - cut for end in self._ends if end > cut]
        self._seams = [seam - cut for seam in self._seams if seam > cut]
        return [piece for piece in done if piece]

    def _spans(self) -> list[_Span]:
        """Of all secrets in the held text; none touches another."""
        text = self._held
        spans = [span for secret in self._secrets for span in _found(text, secret)]
        spans += [match.span() for match in LOOKS_SECRET.finditer(text)]
        for seam in self._seams:
            if match := LOOKS_SECRET.match(text[seam:]):
                spans.append((seam, seam + match.end()))
        return _merged(spans)

    def _cut(self, spans: Sequence[_Span]) -> int:
        """Where what must wait begins."""
        text = self._held
        starts = [len(text), *(start for start, end in spans if end == len(text))]
        starts += [_beginning_of(text, secret) for secret in self._secrets]
        back = max(len(text) - _LOOK_BACK, 0)
        if match := _UNFINISHED.search(text[back:]):
            starts.append(back + match.start())
        starts += [seam for seam in self._seams if _UNFINISHED.match(text[seam:])]
        cut = min(starts)
        return next((start for start, end in spans if start < cut < end), cut)

    def _shorten(self) -> list[str]:
        """A secret without an end is not kept whole to be left out; what is none has to go."""
        begin = _KEY.search(self._held)
        if begin is not None:
            self._held = self._held[: begin.end()] + self._held[-_KEPT:]
        else:
            self._held = _LONG_RUN.sub(lambda run: run[0][:_KEPT] + run[0][-_KEPT:], self._held)
        self._ends, self._seams = [len(self._held)], []
        return self.end() if len(self._held) > _MOST_HELD else []


def _begins(piece: str) -> bool:
    """Whether a secret may begin with the first character."""
    head = piece[:_LOOK_BACK]
    return bool(LOOKS_SECRET.match(head) or _UNFINISHED.match(head))


def _found(text: str, secret: str) -> Iterator[_Span]:
    start = text.find(secret)
    while start >= 0:
        yield start, start + len(secret)
        start = text.find(secret, start + len(secret))


def _beginning_of(text: str, secret: str) -> int:
    """Where the end of the text is the beginning of the secret; else its end."""
    start = text.find(secret[0], max(len(text) - len(secret) + 1, 0))
    while start >= 0 and not secret.startswith(text[start:]):
        start = text.find(secret[0], start + 1)
    return start if start >= 0 else len(text)


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    """In order; those that overlap are one."""
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _without(text: str, start: int, stop: int, spans: Iterable[_Span]) -> str:
    """This part of the text; what is left of a secret that began before it is gone."""
    parts: list[str] = []
    for begin, end in spans:
        if end <= start or begin >= stop:
            continue
        parts += [text[start:begin], REDACTED] if begin >= start else []
        start = min(end, stop)
    return "".join([*parts, text[start:stop]])
