"""A long file in short: within its limit, changed regions in full, the nearest entries first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.context.structure.outline import LONG, MAX_BYTES, outline
from bot.context.structure.outline.write import written
from bot.context.tokens import estimate
from bot.models.structure import Definition, Kind

FILE = "import os\n\n" + "".join(
    f"def function_{n}(argument, other=None):\n"
    + "".join(f"    value_{m} = compute(argument, {m}) + other[{n}]\n" for m in range(10))
    + "\n"
    for n in range(60)
)


def made(changed=(), *, source=FILE, limit=10_000, path="a.py"):
    return outline(path, source.encode(), changed, limit=limit, count=estimate)


def test_a_short_file_an_unknown_language_and_what_is_no_text_have_none():
    assert made(source="x = 1\n" * LONG) is None
    assert made(source="x = 1\n" * (LONG + 1)) is not None
    assert made(path="a.txt") is None
    assert made(source="\0" + FILE) is None
    assert made(source="x = 1\n" * (MAX_BYTES // 6 + 1)) is None


def test_definitions_with_their_lines_and_nothing_of_their_bodies():
    short = made()
    assert short is not None
    assert "        1-1  import os" in short.text
    assert "       3-13  def function_0(argument, other=None):" in short.text
    assert "value_3" not in short.text
    assert short.clipped == 0
    assert (short.language, short.lines) == ("python", FILE.count("\n") + 1)


def test_it_saves_four_fifths():
    short = made()
    assert short is not None
    assert estimate(short.text) <= 0.2 * estimate(FILE)


def test_a_changed_region_stands_in_full_below_what_it_is_in():
    short = made([6])
    assert short is not None
    lines = short.text.split("\n")
    place = lines.index("       3-13  def function_0(argument, other=None):")
    assert lines[place + 1] == "        3 | def function_0(argument, other=None):"
    assert "        6 |     value_2 = compute(argument, 2) + other[0]" in lines
    assert "        9 |     value_5 = compute(argument, 5) + other[0]" in lines
    assert not any("value_6 " in line for line in lines)


def test_what_is_farthest_from_the_change_goes_first_and_is_counted():
    line = 3 + 12 * 30
    short = made([line], limit=400)
    assert short is not None
    assert "function_30" in short.text
    assert "function_0(" not in short.text
    assert "function_59(" not in short.text
    assert short.text.endswith(f"({short.clipped} more of this file did not fit here)")


def test_a_line_too_long_and_invisible_characters_are_shown_for_what_they_are():
    source = "x = 1\n" * 250 + f"y = '\u202e{'z' * 5_000}'\n"
    short = made([251], source=source)
    assert short is not None
    assert "\\u202e" in short.text
    assert "…" in short.text


DEFINITIONS = st.lists(
    st.builds(
        lambda start, length, name, parents, kind: Definition(
            kind=kind, name=name, signature=f"def {name}()", start=start, end=start + length,
            parents=parents,
        ),
        st.integers(1, 300), st.integers(0, 60), st.text("abc_\u4e2d`", min_size=1, max_size=30),
        st.lists(st.just("C"), max_size=3).map(tuple), st.sampled_from(Kind),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=300)
@given(DEFINITIONS, st.sets(st.integers(-5, 320), max_size=12), st.integers(0, 500))
def test_never_above_the_limit_and_the_same_every_time(found, changed, limit):
    lines = [f"line {n}" for n in range(300)]
    text, lost = written(found, lines, changed, limit=limit, short=10_000, count=estimate)
    assert estimate(text) <= limit
    assert (text, lost) == written(
        found[::-1], lines, changed, limit=limit, short=10_000, count=estimate
    )
    whole, none = written(found, lines, changed, limit=10**6, short=10**6, count=estimate)
    assert none == 0
    if estimate(whole) <= limit:
        assert text == whole
    assert all(f"{n:>9} | line {n - 1}" in whole for n in changed if 1 <= n <= 300)
