"""No text takes long to read, however it repeats itself: each call here is far below a second."""

import time
from collections.abc import Callable

import pytest

from bot.context.checkpoints.prompts import split_prompts, telling
from bot.context.checkpoints.reading import read_checkpoint
from bot.context.checkpoints.trailers import trailers
from bot.context.checkpoints.transcript import said_by_people
from bot.context.fence import fenced
from bot.context.intent import first_paragraph, linked_numbers
from bot.context.tokens import estimate

LETTERS = 200_000
PATIENCE = 20.0
"""Seconds, for a machine that is busy; what grows with the square takes minutes."""
REPEATED = (
    "\n", " ", "\t \n", "\n\n---\n\n", "\n \n---", "<command-name>", "<system-reminder>",
    "fixes #", "fixes:   \t", "<!--", "<!-- -->", "A: b\n", "A: b\n c\n\n", "#\n", "`", "_", "a_1 ",
    "\r", "closes https://a.b/", "aB", "\u4e2d", "\u200b", "- - ", "{", "[", '{"a":', "\\",
)  # fmt: skip
READERS: dict[str, Callable[[str], object]] = {
    "tokens": estimate,
    "fence": fenced,
    "trailers": trailers,
    "prompts": lambda text: telling(split_prompts(text)),
    "transcript": lambda text: said_by_people(text.encode()),
    "checkpoint": lambda text: read_checkpoint(
        "0123456789ab", {f"0/{name}": text.encode() for name in ("prompt.txt", "metadata.json")}
    ),
    "linked issues": lambda text: linked_numbers([text], "octo/shop"),
    "first paragraph": first_paragraph,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("piece", REPEATED)
def test_time_grows_with_the_text_and_no_faster(reader, piece):
    text = (piece * (LETTERS // len(piece) + 1))[:LETTERS]
    began = time.monotonic()
    READERS[reader](text)
    assert time.monotonic() - began < PATIENCE
