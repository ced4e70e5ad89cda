"""The process that reads a tree: what is asked on standard input, the answer on standard output.

Started by `bot.context.structure.read` behind an analyzer's fence, with the tree as its folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bot.checkout.files import read_file
from bot.context.structure.outline import LONG, MAX_BYTES, outline
from bot.context.structure.related import related
from bot.context.structure.wire import Asked, Structure, asked, encode
from bot.context.tokens import estimate
from bot.models.structure import Outline


def main() -> None:
    request = asked(sys.stdin.buffer.read())
    sys.stdout.buffer.write(encode(read_structure(Path.cwd(), request)))


def read_structure(tree: Path, request: Asked) -> Structure:
    """Pins of the whole change; outlines of its files while there is room, the longest change
    first.
    """
    ranked = sorted(request.files, key=lambda path: (-len(request.files[path]), path))
    outlines: list[Outline] = []
    room = request.tokens
    for path in ranked:
        source = read_file(tree, path, MAX_BYTES)
        if source is None or source.count(b"\n") < LONG:
            continue
        limit = min(room, request.tokens_of_one)
        made = outline(path, source, request.files[path], limit=limit, count=estimate)
        if made is not None and made.text:
            outlines.append(made)
            room -= estimate(made.text)
    pins = related(tree, sorted(request.files))
    return Structure(pins=pins, outlines=tuple(sorted(outlines, key=lambda item: item.path)))
