"""Every slash command: what it declares is what people are told, and its jobs can be run."""

import pytest

from bot.commands.command import Invocation, commands, help_rows
from bot.commands.parser import parse_commands
from bot.handlers.handler import handlers
from bot.jobs import Cookbook
from bot.jobs.recipes import HOUSE
from bot.models import Delivery, Permission, Repo
from bot.tasks import recipes

ALL = sorted(commands().items())


@pytest.fixture(params=ALL, ids=[name for name, _ in ALL])
def command(request):
    return request.param[1]


@pytest.fixture
def invocation():
    return Invocation(
        installation_id=7,
        repo=Repo(owner="octo", name="shop"),
        number=3,
        login="ada",
        comment_id=11,
        created_at="2026-11-21T10:00:00Z",
        words=(),
        key="octo/shop#3",
    )


def test_its_usage_is_understood_by_the_parser(command):
    plain = command.usage.split("[")[0].split(" ID")[0].strip()
    (line,) = parse_commands(plain)
    assert line.name == command.name
    assert plain.startswith("/harness")


def test_it_is_in_the_help(command):
    who = "anybody" if command.needs is Permission.NONE else command.needs.value
    assert (command.usage, who, command.summary) in help_rows()
    assert command.summary
    assert command.summary[0].islower()
    assert isinstance(command.needs, Permission)


def test_its_jobs_are_recipes_of_the_house(command, invocation):
    assert recipes.__all__
    assert isinstance(HOUSE, Cookbook)
    jobs = command.jobs(invocation)
    assert jobs
    for job in jobs:
        assert HOUSE.newest(job.recipe).name == job.recipe
        assert job.key.startswith("octo/shop#3")


def test_what_needs_a_permission_carries_who_asked(command, invocation):
    """Whoever spends or decides is checked by the job itself, each time."""
    if command.needs is Permission.NONE:
        return
    for job in command.jobs(invocation):
        assert job.request.asker.login == "ada"
        assert job.request.asker.needs is command.needs
        assert not job.supersedes
        assert not job.cancels


@pytest.mark.parametrize(
    ("changed", "jobs"),
    [
        ({}, 1),
        ({"action": "edited"}, 0),
        ({"action": "deleted"}, 0),
        ({"issue.pull_request.url": None}, 0),
        ({"comment.user.type": "Bot"}, 0),
    ],
    ids=["written", "edited", "deleted", "on a plain issue", "by a bot"],
)
def test_only_what_a_person_writes_anew_on_a_pull_request_counts(command, changed, jobs):
    fields = {
        "installation.id": 7,
        "repository.full_name": "octo/shop",
        "comment.body": f"/harness {command.name}",
        "comment.created_at": "2026-11-21T10:00:00Z",
        "comment.id": 11,
        "comment.user.login": "ada",
        "comment.user.type": "User",
        "issue.number": 3,
        "issue.pull_request.url": "https://api.github.com/repos/octo/shop/pulls/3",
        **changed,
    }
    action = str(fields.pop("action", "created"))
    delivery = Delivery(id="d", event="issue_comment", action=action, fields=fields)
    assert len(handlers()["issue_comment"].jobs(delivery)) == jobs
