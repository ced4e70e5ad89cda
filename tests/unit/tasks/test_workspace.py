"""Which earlier heads a review compares itself with."""

from types import SimpleNamespace
from typing import Any

from bot.errors import HeadGone
from bot.models import Diff, IssueState
from bot.tasks.workspace import MAX_HEADS, Workbench
from tests.fakes.nouns import known


class Mirror:
    """Remembers what it was asked, and has no commit that begins with f."""

    def __init__(self):
        self.asked = []

    async def diff_between(self, old, new):
        self.asked.append(old)
        if old.startswith("f"):
            raise HeadGone("it is not there")
        return Diff(base_sha=old, head_sha=new, files=())


def head(number):
    return f"{number:040d}"


def bench():
    nothing: Any = SimpleNamespace()
    return Workbench(nothing, nothing)


async def test_of_very_many_heads_those_with_open_issues_come_first():
    mirror = Mirror()
    closed = [
        known(id=f"h-c{n}", state=IssueState.ADDRESSED, head_sha=head(n)) for n in range(MAX_HEADS)
    ]
    still = [known(id=f"h-o{n}", state=IssueState.NEW, head_sha=head(900 + n)) for n in range(5)]
    since = await bench()._since(mirror, (*closed, *still), head(999))
    assert len(mirror.asked) == MAX_HEADS == len(since)
    assert mirror.asked[:5] == [head(900 + n) for n in range(5)]


async def test_a_head_that_is_gone_has_no_diff_and_costs_nobody_the_others():
    mirror = Mirror()
    issues = (known(id="h-1", head_sha="f" * 40), known(id="h-2", head_sha=head(1)))
    since = await bench()._since(mirror, issues, head(2))
    assert list(since) == [head(1)]


async def test_a_head_is_compared_once_however_many_issues_it_had():
    mirror = Mirror()
    issues = tuple(known(id=f"h-{n}", head_sha=head(1)) for n in range(3))
    await bench()._since(mirror, issues, head(2))
    assert mirror.asked == [head(1)]
