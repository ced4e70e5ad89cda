import itertools
import tracemalloc
from collections.abc import AsyncIterator, Iterable

from hypothesis import given
from hypothesis import strategies as st

from bot.agents.lines import MAX_LINE, Tail, read_all, read_lines, read_text
from bot.models import RunError


async def feed(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def lines(pieces: Iterable[bytes], limit: int = MAX_LINE) -> list[str | RunError]:
    return [line async for line in read_lines(feed(pieces), limit=limit)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.binary(max_size=200), st.lists(st.integers(min_value=0), max_size=8))
async def test_any_split_of_the_stream_gives_the_same_lines(data: bytes, places: list[int]) -> None:
    assert await lines(cut(data, places), limit=20) == await lines([data], limit=20)


@given(st.binary(max_size=200), st.lists(st.integers(min_value=0), max_size=8))
async def test_any_split_of_the_stream_gives_the_same_text(data: bytes, places: list[int]) -> None:
    whole = "".join([text async for text in read_text(feed(cut(data, places)))])

    assert whole == data.decode("utf-8", "replace")


async def test_lines_lose_their_ends_and_the_last_needs_none() -> None:
    assert await lines([b"one\r\ntwo\n\nthr", b"ee"]) == ["one", "two", "", "three"]


async def test_an_empty_stream_has_no_lines() -> None:
    assert await lines([]) == []


async def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert await lines([b"caf\xe9\n"]) == ["caf\N{REPLACEMENT CHARACTER}"]


async def test_a_line_of_a_megabyte_is_read() -> None:
    line = b"x" * 1_000_000

    assert await lines([line, b"\nnext\n"]) == ["x" * 1_000_000, "next"]


async def test_a_line_of_64_megabytes_is_skipped_with_a_warning_and_no_memory() -> None:
    piece = b"x" * 65536
    tracemalloc.start()
    try:
        told = await lines([*([piece] * 1024), b"\n", b"after\n"])
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    warning, after = told
    assert isinstance(warning, RunError)
    assert warning.warning
    assert str(64 * 1024 * 1024) in warning.message
    assert after == "after"
    assert peak < 2 * MAX_LINE


async def test_everything_is_read_but_only_so_much_is_kept() -> None:
    output = await read_all(feed([b"abc", b"def", b"ghi"]), limit=5)

    assert (output.data, output.elided) == (b"abcde", 4)


def test_the_tail_keeps_the_end_and_counts_what_it_left_out() -> None:
    tail = Tail(limit=5)
    for piece in ("abc", "def", "g", "", "hi"):
        tail.add(piece)

    assert (tail.text(), tail.elided) == ("efghi", 4)


@given(st.lists(st.text(max_size=9), max_size=40), st.integers(min_value=1, max_value=20))
def test_the_tail_is_the_end_of_everything_that_was_said(pieces: list[str], limit: int) -> None:
    tail = Tail(limit=limit)
    for piece in pieces:
        tail.add(piece)
    everything = "".join(pieces)

    assert tail.text() == everything[-limit:]
    assert tail.elided == max(0, len(everything) - limit)


def test_many_small_pieces_cost_little_more_than_their_text() -> None:
    tail = Tail(limit=1_000_000)
    tracemalloc.start()
    try:
        for number in range(300_000):
            tail.add(chr(65 + number % 26) + "\u20ac")
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(tail.text()) == 600_000
    assert peak < 8_000_000
