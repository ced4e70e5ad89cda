"""What one agent's log keeps of what it did and said."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import AssistantText, Finished, RunError, Started, Tokens, ToolCall
from bot.publish import account
from bot.publish.account import Account

END = Finished(success=True)
SECRET = "operator-secret"


def heard(*events, secrets=()):
    kept = Account(secrets)
    return [*(event for told in events for event in kept.heard(told)), *kept.closed()]


def words(events):
    return "".join(event.text for event in events if isinstance(event, AssistantText))


def test_half_a_secret_waits_for_the_other_half_whatever_comes_between():
    kept = heard(
        Started(),
        AssistantText(text="the key is operator-"),
        ToolCall(name="Grep"),
        Tokens(input=3),
        AssistantText(text="secret, so"),
        END,
        secrets=(SECRET,),
    )
    assert kept == [
        Started(),
        ToolCall(name="Grep"),
        Tokens(input=3),
        AssistantText(text="the key is [redacted]"),
        AssistantText(text=", so"),
        END,
    ]


def test_what_only_began_like_a_secret_is_told_before_the_end():
    for end in (END, RunError(message="401")):
        assert heard(AssistantText(text="an operator-"), end, secrets=(SECRET,)) == [
            AssistantText(text="an operator-"),
            end,
        ]
    assert words(heard(AssistantText(text="an operator-"), secrets=(SECRET,))) == "an operator-"


def test_no_limit_cuts_a_secret_in_two():
    long = "x" * (account.MAX_ERROR - 5)
    (error,) = heard(RunError(message=long + SECRET), secrets=(SECRET,))
    assert error.message == f"{long}[reda"
    long = "x" * (account.NARRATIVE - 5)
    kept = heard(AssistantText(text=long), AssistantText(text=SECRET), secrets=(SECRET,))
    assert words(kept) == f"{long}[reda"
    assert kept[-1] == RunError(message="1 events left out of this log", warning=True)


@settings(deadline=None)
@given(st.data())
def test_a_secret_torn_anywhere_is_in_no_event_and_not_in_their_sum(data):
    secret = data.draw(st.sampled_from(["0123456789ABCDEF", "sk-0123456789ABCDEFGHIJ"]))
    text = f"the key: {secret}\nis it"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    between = data.draw(st.sampled_from([(), (ToolCall(name="t"),), (Tokens(input=1),)]))
    told = [event for piece in pieces for event in (AssistantText(text=piece), *between)]
    assert words(heard(*told, END, secrets=("0123456789ABCDEF",))) == "the key: [redacted]\nis it"


_events = st.lists(
    st.one_of(
        st.just(Started()),
        st.just(END),
        st.builds(AssistantText, text=st.text(max_size=20)),
        st.builds(ToolCall, name=st.text(max_size=9), args=st.sampled_from(["", "y" * 90_000])),
        st.builds(Tokens, input=st.integers(0, 9)),
        st.builds(RunError, message=st.text(max_size=9), warning=st.booleans()),
    ),
    max_size=40,
)


@given(_events)
def test_whatever_is_heard_is_kept_or_counted(events):
    kept = heard(*events)
    told = [e for e in kept if isinstance(e, RunError) and "left out of this log" in e.message]
    counted = sum(int(e.message.split()[0]) for e in told)
    others = [e for e in kept if not isinstance(e, AssistantText)]
    assert len(others) - len(told) + counted == sum(
        not isinstance(e, AssistantText) for e in events
    )
    assert words(kept) == words(events)
