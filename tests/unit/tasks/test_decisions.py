"""The pure decisions inside recipes: who reviews, what is skipped, what is said."""

import pytest

from bot.errors import AccessLost, GitHubError, HeadGone
from bot.models import AgentSpec, PullRequest, Repo, RepoConfig, Trigger
from bot.tasks.ending import INTERNAL, trouble
from bot.tasks.merge_group import pull_number
from bot.tasks.plan import choose, skip_reason

REPO = Repo(owner="octo", name="shop")
RUFF = AgentSpec(name="ruff", kind="ruff")
CLAUDE = AgentSpec(name="claude", kind="claude-code")


def pull(**more):
    values = {
        "repo": REPO,
        "number": 3,
        "title": "",
        "body": "",
        "author": "ada",
        "state": "open",
        "draft": False,
        "labels": (),
        "base_ref": "main",
        "base_sha": "b" * 40,
        "head_ref": "change",
        "head_sha": "a" * 40,
        "head_repo": REPO,
        "default_branch": "main",
    }
    return PullRequest(**{**values, **more})


@pytest.mark.parametrize(
    ("named", "allowed", "agents", "withheld"),
    [
        (None, "all", ("ruff", "claude"), ()),
        (("claude",), "all", ("claude",), ()),
        (("nobody",), "all", (), ()),
        ((), "all", (), ()),
        (None, "analyzers", ("ruff",), ("claude",)),
        (("claude",), "analyzers", (), ("claude",)),
        (None, "none", (), ("ruff", "claude")),
    ],
)
def test_who_reviews_and_who_waits(named, allowed, agents, withheld):
    config = RepoConfig(agents=named)
    chosen, waiting = choose((RUFF, CLAUDE), config, analyzers={"ruff"}, allowed=allowed)
    assert tuple(agent.name for agent in chosen) == agents
    assert waiting == withheld


@pytest.mark.parametrize("trigger", [t for t in Trigger if t is not Trigger.COMMAND])
def test_drafts_and_labels_are_skipped_unless_a_person_asks(trigger):
    config = RepoConfig(skip_labels=("wip",))
    assert "draft" in skip_reason(pull(draft=True), config, trigger)
    assert "'wip'" in skip_reason(pull(labels=("a", "wip")), config, trigger)
    assert skip_reason(pull(draft=True), RepoConfig(drafts=True), trigger) == ""
    assert skip_reason(pull(), config, trigger) == ""
    assert skip_reason(pull(draft=True, labels=("wip",)), config, Trigger.COMMAND) == ""


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        (f"refs/heads/gh-readonly-queue/main/pr-12-{'a' * 40}", 12),
        (f"refs/heads/gh-readonly-queue/release/2/pr-7-{'0' * 64}", 7),
        ("refs/heads/main", None),
        (f"refs/heads/gh-readonly-queue/main/pr-x-{'a' * 40}", None),
        ("", None),
    ],
)
def test_the_pull_request_of_a_merge_group(ref, number):
    assert pull_number(ref) == number


def test_only_our_own_words_are_shown_to_people():
    assert trouble(HeadGone("the commit is gone")).startswith("the commit is gone")
    assert trouble(AccessLost("no access")).startswith("no access")
    assert "`/harness review` tries again" in trouble(GitHubError("GitHub answered 500", 500))
    assert trouble(KeyError("secret-of-mine")) == INTERNAL
