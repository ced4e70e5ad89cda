"""Sections of a prompt: in order, in fences, within a limit, and what is missing has a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context.budget import Unit
from bot.context.sections import MAX_NAMES, Section, fit, own
from bot.context.tokens import estimate
from bot.errors import BudgetTooSmall


def section(name, *texts, **more):
    units = tuple(Unit(name=f"{name}-{n}", text=text) for n, text in enumerate(texts))
    return Section(name=name, units=units, lead=f"The {name}:", **more)


def test_our_own_words_stand_bare_and_other_peoples_in_fences():
    made = fit([own("task", "Do it."), section("a", "one", "two"), section("b")])
    assert made.text == "Do it.\n\nThe a:\n```\none\ntwo\n```\n"


def test_what_does_not_fit_is_named():
    made = fit(
        [
            own("task", "Do it."),
            section("a", "word " * 400, missing="Too long for here:"),
            section("b", "word " * 300),
            section("c", "short"),
        ],
        limit=80,
    )
    assert "The c:\n```\nshort\n```" in made.text
    assert "Too long for here:\n```\na-0\n```" in made.text
    assert "There was no room here for:\n```\nb: b-0\n```" in made.text
    assert made.missing("a") == ("a-0",)


def test_many_names_are_counted():
    made = fit([section("a", *["word " * 200] * (MAX_NAMES + 5))], limit=2_000)
    assert "and " in made.text.rsplit("\n", 3)[1]


def test_our_own_words_have_to_fit():
    with pytest.raises(BudgetTooSmall):
        fit([own("task", "word " * 100)], limit=50)


@given(
    st.lists(
        st.lists(st.text(alphabet="`ab \n\u4e2d_1", max_size=80), max_size=6),
        min_size=1,
        max_size=6,
    ),
    st.integers(80, 400),
)
def test_never_above_the_limit_by_the_counter_in_use(blocks, limit):
    sections = [section(f"s{n}", *texts, weight=n + 1) for n, texts in enumerate(blocks)]
    made = fit([own("task", "Do it."), *sections], limit=limit)
    assert estimate(made.text) == made.used <= limit
    assert fit([own("task", "Do it."), *sections], limit=limit).text == made.text
