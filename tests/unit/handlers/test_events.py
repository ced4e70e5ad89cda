"""Which deliveries ask for which jobs."""

import pytest

from bot.handlers.handler import handlers, needed_fields
from bot.models import (
    CloseRequest,
    Delivery,
    FieldMissing,
    ForgetRequest,
    MergeGroupRequest,
    Permission,
    ReplyRequest,
    Repo,
    RerunRequest,
    ReviewRequest,
    ThreadRequest,
    Trigger,
)

REPO = Repo(owner="octo", name="shop")
COMMON = {"installation.id": 7, "repository.full_name": "octo/shop"}


def jobs(event, action, **fields):
    values = {**COMMON, **{name.replace("__", "."): value for name, value in fields.items()}}
    return handlers()[event].jobs(Delivery(id="d", event=event, action=action, fields=values))


def pull_request(action, **fields):
    return jobs(
        "pull_request",
        action,
        **{"pull_request.number": 3, "pull_request.head.sha": "a" * 40, **fields},
    )


def comment(body, action="created", **fields):
    return jobs(
        "issue_comment",
        action,
        **{
            "comment.body": body,
            "comment.created_at": "2026-11-21T10:00:00Z",
            "comment.id": 11,
            "comment.user.login": "ada",
            "comment.user.type": "User",
            "issue.number": 3,
            "issue.pull_request.url": "https://api.github.com/repos/octo/shop/pulls/3",
            **fields,
        },
    )


@pytest.mark.parametrize(
    ("action", "trigger"),
    [
        ("opened", Trigger.OPENED),
        ("reopened", Trigger.OPENED),
        ("synchronize", Trigger.PUSH),
        ("ready_for_review", Trigger.READY),
    ],
)
def test_a_new_head_is_reviewed_and_ends_older_reviews(action, trigger):
    (job,) = pull_request(action)
    assert job.recipe == "review"
    assert job.key == "octo/shop#3"
    assert job.supersedes
    assert job.request == ReviewRequest(
        installation_id=7, repo=REPO, number=3, trigger=trigger, head_sha="a" * 40
    )


def test_an_edit_is_reviewed_only_when_the_base_changed():
    assert pull_request("edited") == []
    (job,) = pull_request("edited", **{"changes.base.ref.from": "main"})
    assert job.request.trigger is Trigger.BASE_CHANGED


def test_closing_ends_what_runs():
    (job,) = pull_request("closed")
    assert job.cancels
    assert job.request == CloseRequest(installation_id=7, repo=REPO, number=3)


@pytest.mark.parametrize("action", ["labeled", "assigned", "locked", "", "made-up"])
def test_other_actions_of_a_pull_request_ask_for_nothing(action):
    assert pull_request(action) == []


def test_a_field_that_is_missing_is_named():
    with pytest.raises(FieldMissing, match=r"pull_request\.head\.sha"):
        pull_request("opened", **{"pull_request.head.sha": None})


def test_review_by_comment_needs_write_permission_and_ends_nothing_by_itself():
    (job,) = comment("/harness review")
    assert job.key == "octo/shop#3"
    assert not job.supersedes
    assert not job.cancels
    assert job.request.trigger is Trigger.COMMAND
    assert job.request.head_sha == ""
    assert job.request.asker.login == "ada"
    assert job.request.asker.comment_id == 11
    assert job.request.asker.needs is Permission.WRITE


def test_help_and_unknown_words_are_answered_beside_a_running_review():
    (helped,) = comment("/harness help")
    (unknown,) = comment("/harness fly")
    assert helped.key == unknown.key == "octo/shop#3/reply"
    assert isinstance(helped.request, ReplyRequest)
    assert helped.request.topic == "help"
    assert unknown.request.topic == "unknown-command"
    assert unknown.request.detail == "fly"


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ("/harness review", {"comment.user.type": "Bot"}),
        ("/harness review", {"issue.pull_request.url": None}),
        ("thanks!", {}),
    ],
)
def test_bots_plain_issues_and_talk_command_nothing(body, changed):
    assert comment(body, **changed) == []


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_only_a_new_comment_commands(action):
    assert comment("/harness review", action) == []


def test_rerun_of_our_check_is_found_by_its_external_id():
    fields = {"check_run.name": "harness", "check_run.head_sha": "b" * 40}
    (job,) = jobs("check_run", "rerequested", **fields, **{"check_run.external_id": "r-1"})
    assert job.request == RerunRequest(
        installation_id=7, repo=REPO, head_sha="b" * 40, external_id="r-1"
    )
    assert jobs("check_run", "rerequested", **{**fields, "check_run.name": "lint"}) == []
    assert jobs("check_run", "completed", **fields) == []


def test_the_button_asks_for_a_repair_and_knows_who_pressed_it():
    fields = {
        "check_run.name": "harness", "check_run.head_sha": "b" * 40,
        "check_run.pull_requests[].number": [3], "sender.login": "ada", "sender.id": 5,
    }  # fmt: skip
    (job,) = jobs(
        "check_run", "requested_action", **fields, **{"requested_action.identifier": "fix"}
    )
    assert job.recipe == "fix"
    assert (job.request.presser, job.request.presser_id, job.request.numbers) == ("ada", 5, (3,))
    other = {"requested_action.identifier": "other"}
    assert jobs("check_run", "requested_action", **fields, **other) == []
    del fields["sender.login"]
    with pytest.raises(FieldMissing):
        jobs("check_run", "requested_action", **fields, **{"requested_action.identifier": "fix"})


def test_rerun_of_the_suite_names_its_pull_requests():
    fields = {"check_suite.head_sha": "b" * 40, "check_suite.pull_requests[].number": [3, 4]}
    (job,) = jobs("check_suite", "rerequested", **fields)
    assert job.request.numbers == (3, 4)
    assert jobs("check_suite", "completed", **fields) == []


def test_a_merge_group_asks_for_the_verdict():
    fields = {"merge_group.head_sha": "c" * 40, "merge_group.head_ref": "refs/heads/q/pr-3-x"}
    (job,) = jobs("merge_group", "checks_requested", **fields)
    assert job.request == MergeGroupRequest(
        installation_id=7, repo=REPO, head_sha="c" * 40, head_ref="refs/heads/q/pr-3-x"
    )
    assert jobs("merge_group", "destroyed", **fields) == []


def test_repositories_that_are_taken_away_are_forgotten():
    names = ["octo/shop", "octo/site"]
    repos = (REPO, Repo(owner="octo", name="site"))
    (all_of_them,) = jobs("installation", "deleted", **{"repositories[].full_name": names})
    (some,) = jobs(
        "installation_repositories", "removed", **{"repositories_removed[].full_name": names}
    )
    assert all_of_them.request == some.request == ForgetRequest(installation_id=7, repos=repos)
    assert jobs("installation", "created") == []
    assert jobs("installation_repositories", "added") == []
    assert jobs("ping", "") == []


def test_the_front_door_keeps_what_handlers_declare_and_no_more():
    kept = needed_fields(handlers())
    assert "pull_request.head.sha" in kept
    assert "sender.login" in kept
    assert not [path for path in kept if path.startswith("pull_request.body")]


def in_thread(body, action="created", **fields):
    return jobs(
        "pull_request_review_comment",
        action,
        **{
            "comment.body": body,
            "comment.created_at": "2026-11-21T10:00:00Z",
            "comment.id": 12,
            "comment.in_reply_to_id": 9,
            "comment.user.login": "ada",
            "comment.user.type": "User",
            "pull_request.number": 3,
            **fields,
        },
    )


def test_a_command_in_a_thread_is_answered_there():
    (job,) = in_thread("/harness dismiss not a problem")
    assert (job.recipe, job.key) == ("dismiss", "octo/shop#3/reply")
    assert job.request.words == ("not", "a", "problem")
    assert (job.request.asker.thread, job.request.asker.comment_id) == (9, 12)
    (job,) = in_thread("/harness nonsense")
    assert (job.request.topic, job.request.thread) == ("unknown-command", 9)
    (job,) = in_thread("/harness explain", **{"comment.in_reply_to_id": None})
    assert (job.recipe, job.request.asker.thread) == ("explain", 12)


@pytest.mark.parametrize(
    "fields", [{"comment.user.type": "Bot"}, {"comment.body": "what about dismiss?"}]
)
def test_words_in_a_thread_that_command_nothing(fields):
    assert in_thread("/harness dismiss", **fields) == []
    assert in_thread("/harness dismiss", action="edited") == []


def resolved(action="resolved", **fields):
    given = {
        "pull_request.number": 3,
        "sender.login": "ada",
        "sender.type": "User",
        "thread.comments[].id": [9, 12],
        **fields,
    }
    return jobs("pull_request_review_thread", action, **given)


@pytest.mark.parametrize(("action", "ends"), [("resolved", True), ("unresolved", False)])
def test_a_thread_resolved_by_hand_is_looked_into(action, ends):
    (job,) = resolved(action)
    assert (job.recipe, job.key) == ("thread", "octo/shop#3/reply")
    assert job.request == ThreadRequest(
        installation_id=7, repo=REPO, number=3, comment_id=9, login="ada", resolved=ends
    )


@pytest.mark.parametrize(
    "fields", [{"sender.type": "Bot"}, {"thread.comments[].id": []}, {"thread.comments[].id": None}]
)
def test_a_bot_s_own_tidying_and_a_thread_without_comments_are_nothing(fields):
    assert resolved(**fields) == []
    assert resolved("dismissed") == []
