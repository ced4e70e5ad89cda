"""What two texts about code have in common."""

from __future__ import annotations

import math

import pytest

from bot.findings.similarity import (
    COMMONPLACE_WEIGHT,
    MAX_CHARACTERS,
    all_pairs,
    cosine,
    stem,
    terms,
    vectors,
)


def test_words_count_by_their_stem_and_as_often_as_they_stand_there():
    assert terms("closing Closed the pools") == {"w:clos": 2, "w:pool": 1}


def test_a_name_counts_whole_by_its_last_part_and_by_its_words():
    assert terms("self.parseForm()") == {
        "i:self.parseform": 1,
        "i:parseform": 1,
        "p:self": 1,
        "p:pars": 1,
        "p:form": 1,
        "w:self": 1,
        "w:parseform": 1,
    }
    assert terms("x_y")["i:x_y"] == 1
    assert "p:x" not in terms("x_y")


def test_a_name_that_is_there_twice_counts_twice():
    counted = terms("load_user load_user")
    assert (counted["i:load_user"], counted["p:load"], counted["p:user"]) == (2, 2, 2)


def test_of_a_long_text_the_beginning_counts():
    assert terms("x" * (MAX_CHARACTERS - 4) + " pool leaks") == terms(
        "x" * (MAX_CHARACTERS - 4) + " poo"
    )


def test_a_stem_keeps_three_letters():
    assert [stem(w) for w in ("validations", "running", "used", "red", "sing", "buses")] == [
        "valid", "runn", "used", "red", "sing", "bus",
    ]  # fmt: skip


def test_what_every_text_says_weighs_less_than_what_few_say():
    pool, _, _ = vectors(["pool leaks", "pool grows", "pool waits"])
    assert 0 < pool["w:pool"] < pool["w:leak"]
    assert math.hypot(*pool.values()) == pytest.approx(1)


def test_a_commonplace_weighs_less_than_a_word_that_is_as_rare():
    (vector,) = vectors(["missing pool"])
    assert vector["w:miss"] == pytest.approx(COMMONPLACE_WEIGHT * vector["w:pool"])


def test_a_word_that_is_said_again_weighs_more_but_not_twice_as_much():
    (vector,) = vectors(["pool pool leaks"])
    assert vector["w:pool"] == pytest.approx((1 + math.log(2)) * vector["w:leak"])


def test_a_template_that_is_repeated_is_one_text():
    twice = vectors(["pool leaks", "eval runs", "eval runs"])
    assert twice[:2] == vectors(["pool leaks", "eval runs"])


def test_texts_without_words_are_like_nothing():
    empty, other = vectors(["", "pool"])
    assert empty == {}
    assert cosine(empty, other) == 0


def test_all_pairs_are_those_with_a_term_in_common_and_told_once():
    items = vectors(["pool leaks", "pool grows", "eval runs", "leaks"])
    first, second, third, last = all_pairs(items)
    assert first == {1: pytest.approx(cosine(items[0], items[1])),
                     3: pytest.approx(cosine(items[0], items[3]))}  # fmt: skip
    assert (second, third, last) == ({}, {}, {})
