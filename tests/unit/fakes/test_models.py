"""The played models say the same in every API, streamed or not."""

import json

import pytest

from tests.fakes.models import anthropic, chat, gemini, responses
from tests.fakes.models.script import ANSWER, SCENARIOS, Asked, Fail, Text, Use, answer
from tests.fakes.models.usage import usage

APIS = (anthropic, chat, gemini, responses)
ASKED = Asked(model="m", tools=("Read",), size=4_000)
each = pytest.mark.parametrize("api", APIS, ids=[api.__name__.rpartition(".")[2] for api in APIS])


@each
@pytest.mark.parametrize("reply", [Text(text="w"), Use(name="Read", words="look")])
def test_a_stream_says_what_the_plain_answer_says(api, reply) -> None:
    plain = json.dumps(api.plain(ASKED, reply, 1))
    streamed = b"".join(api.stream(ASKED, reply, 1)).decode()

    used = usage(ASKED, reply)
    for text in (plain, streamed):
        assert str(used.input) in text
        assert str(used.output) in text
        assert f'"{reply.name if isinstance(reply, Use) else reply.text}"' in text
    lines = [line[5:] for line in streamed.splitlines() if line.startswith("data:")]
    assert all(line.strip() == "[DONE]" or json.loads(line) for line in lines)


@each
@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_scenario_has_an_answer_in_every_api(api, name: str) -> None:
    reply = SCENARIOS[name](ASKED)

    if isinstance(reply, Fail):
        assert json.dumps(api.failure(reply))
    elif isinstance(reply, Text | Use):
        assert list(api.stream(ASKED, reply, 1))


def test_the_answer_takes_the_form_that_was_asked_for() -> None:
    assert answer(Asked(model="m", tools=("StructuredOutput",))) == Use(
        name="StructuredOutput", arguments=ANSWER, words=""
    )
    bare = answer(Asked(model="m", schema=True))
    assert isinstance(bare, Text)
    assert json.loads(bare.text) == ANSWER
    told = answer(ASKED)
    assert isinstance(told, Text)
    assert told.text.startswith("I read")
