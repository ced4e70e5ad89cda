"""Secrets in a text that comes in pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.publish import flow
from bot.publish.flow import Flow
from bot.publish.redact import REDACTED, redact

OWN = "Operator+0123456789"
KEY = "-----BEGIN RSA PRIVATE KEY-----\n0123\n4567\n-----END RSA PRIVATE KEY-----"
SECRETS = (
    OWN,
    "ghp_0123456789ABCDEFGHIJ",
    "github_pat_0123456789_ABCDEFGHIJ",
    "sk-ant-0123456789-ABCDEFG",
    "AKIA0123456789ABCDEF",
    "xoxb-0123456789-ABC",
    "AIza0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "glpat-0123456789ABCDEFG",
    "eyJ0123456.ABCDEF789.0123456",
    KEY,
)


def flown(pieces, secrets=(OWN,)):
    text = Flow(secrets)
    return [*(shown for piece in pieces for shown in text.push(piece)), *text.end()]


def cut(text, at):
    places = [0, *sorted(at), len(text)]
    return [text[a:b] for a, b in pairwise(places)]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("after", ["", " and on"])
def test_a_secret_cut_in_two_anywhere_is_gone_whole(secret, after):
    text = f"it is: {secret}{after}"
    for place in range(1, len(text)):
        shown = flown(cut(text, [place]))
        assert "".join(shown) == f"it is: {REDACTED}{after}", place


@settings(deadline=None)
@given(st.data())
def test_several_secrets_in_any_pieces_leave_what_one_text_would(data):
    words = st.one_of(st.sampled_from(SECRETS), st.text("xsgAe-. \n", max_size=5))
    text = " ".join(data.draw(st.lists(words, min_size=1, max_size=6)))
    at = data.draw(st.sets(st.integers(1, max(len(text) - 1, 1)), max_size=12))
    shown = "".join(flown(cut(text, at)))
    assert "0123" not in shown
    assert len(shown) <= len(redact(text, (OWN,)))


@given(st.lists(st.text("xsgAe-. \nOp", max_size=6)))
def test_what_holds_no_secret_keeps_every_character_and_every_piece(pieces):
    assert flown(pieces) == [piece for piece in pieces if piece]


def test_a_piece_that_is_a_secret_by_itself_is_seen_whatever_stood_before():
    for before in ("s", "x-", "the inde", "see g", "-", "sk-"):
        for secret in SECRETS:
            assert "0123" not in "".join(flown([before, secret, " so"])), (before, secret)
            assert "0123" not in "".join(flown([before, *secret, " so"])), (before, secret)


def test_one_secret_that_holds_another_is_cut_nowhere_in_between():
    long = f"{OWN}-tail-{OWN}"
    for place in range(1, len(long)):
        assert "".join(flown(cut(long, [place]), (OWN, long))) == REDACTED


def test_a_key_without_an_end_costs_no_memory_and_does_not_show():
    text = Flow()
    shown = text.push("-----BEGIN PRIVATE KEY-----\n")
    for _ in range(1000):
        shown += text.push("0123456789\n" * 100)
        assert len(text._held) <= flow._MOST_HELD
    shown += text.push("-----END PRIVATE")
    shown += text.push(" KEY----- after")
    assert "".join([*shown, *text.end()]) == f"{REDACTED} after"


@pytest.mark.parametrize("opening", ["sk-", "ghp_", "eyJaaaaa.eyJaaaa."])
def test_a_token_without_an_end_costs_no_memory_and_does_not_show(opening):
    text = Flow()
    shown = text.push(f"it is {opening}")
    for _ in range(1000):
        shown += text.push("0123456789" * 100)
        assert len(text._held) <= flow._MOST_HELD
    shown += text.push(" after")
    assert "".join([*shown, *text.end()]) == f"it is {REDACTED} after"


def test_hostile_pieces_are_read_in_little_steps():
    text = Flow((OWN,))
    text.push("x" * 1_000_000 + "O")
    # The long piece is not read again: only what may still change is kept as it was.
    assert len(text._held) < 10
