"""The payload of every event that the embedded GitHub delivers."""

from __future__ import annotations

from typing import Any

from bot.demo import shapes_talk as talk
from bot.demo.shapes import Json, Shapes, node
from bot.demo.state import (
    CheckRun,
    Comment,
    Pull,
    Repository,
    Review,
    ReviewComment,
    Thread,
    User,
)


def frame(shapes: Shapes, repo: Repository, sender: User, action: str | None) -> Json:
    """What every payload of a repository carries."""
    made: Json = {} if action is None else {"action": action}
    made["repository"] = shapes.repository(repo)
    if repo.owner.type == "Organization":
        made["organization"] = organization(shapes, repo.owner)
    made["sender"] = shapes.user(sender)
    if repo.installation_id is not None:
        number = repo.installation_id
        made["installation"] = {"id": number, "node_id": node("MDIz", number)}
    return made


def organization(shapes: Shapes, account: User) -> Json:
    url = f"{shapes.api}/orgs/{account.login}"
    links = ("repos", "events", "hooks", "issues", "members{/member}", "public_members{/member}")
    return {
        "login": account.login, "id": account.id, "node_id": node("O", account.id), "url": url,
        **{f"{link.partition('{')[0]}_url": f"{url}/{link}" for link in links},
        "avatar_url": f"{shapes.web}/avatars/{account.id}", "description": "",
    }  # fmt: skip


def pull_request(
    shapes: Shapes, action: str, pull: Pull, whole: Json, sender: User, **more: Any
) -> Json:
    """``more``: ``before`` and ``after`` of a push, ``changes`` of an edit."""
    repo = shapes.state.repositories[pull.repo_id]
    return frame(shapes, repo, sender, action) | {
        "number": pull.number, "pull_request": whole, **more,
    }  # fmt: skip


def issue_comment(shapes: Shapes, action: str, comment: Comment, sender: User, **more: Any) -> Json:
    """``more``: ``changes`` of an edit."""
    pull = shapes.state.pulls[comment.repo_id, comment.number]
    repo = shapes.state.repositories[comment.repo_id]
    return frame(shapes, repo, sender, action) | {
        "issue": talk.issue(shapes, pull), "comment": talk.comment(shapes, comment), **more,
    }  # fmt: skip


def pull_request_review(shapes: Shapes, review: Review, sender: User) -> Json:
    pull = shapes.state.pulls[review.repo_id, review.number]
    repo = shapes.state.repositories[review.repo_id]
    shown = talk.review(shapes, review)
    return frame(shapes, repo, sender, "submitted") | {
        "review": shown | {"state": shown["state"].lower()}, "pull_request": shapes.pull(pull),
    }  # fmt: skip


def review_comment(
    shapes: Shapes, action: str, comment: ReviewComment, sender: User, **more: Any
) -> Json:
    """``more``: ``changes`` of an edit."""
    pull = shapes.state.pulls[comment.repo_id, comment.number]
    repo = shapes.state.repositories[comment.repo_id]
    return frame(shapes, repo, sender, action) | {
        "comment": talk.review_comment(shapes, comment), "pull_request": shapes.pull(pull), **more,
    }  # fmt: skip


def review_thread(shapes: Shapes, action: str, thread: Thread, sender: User) -> Json:
    """``action``: resolved or unresolved."""
    pull = shapes.state.pulls[thread.repo_id, thread.number]
    repo = shapes.state.repositories[thread.repo_id]
    comments = [talk.review_comment(shapes, c) for c in shapes.state.comments_in(thread)]
    return frame(shapes, repo, sender, action) | {
        "thread": {"node_id": thread.id, "comments": comments}, "pull_request": shapes.pull(pull),
    }  # fmt: skip


def check_run(shapes: Shapes, action: str, run: CheckRun, sender: User, branch: str | None) -> Json:
    repo = shapes.state.repositories[run.repo_id]
    shown = talk.check_run(shapes, run)
    shown["check_suite"] = talk.check_suite(shapes, repo, run.head_sha, branch)
    return frame(shapes, repo, sender, action) | {"check_run": shown}


def check_suite(
    shapes: Shapes, action: str, repo: Repository, head: Json, sender: User, branch: str | None
) -> Json:
    """``head`` is the commit as `bot.demo.hub.Hub.head_commit` tells it."""
    suite = talk.check_suite(shapes, repo, head["id"], branch)
    suite["head_commit"] = head
    return frame(shapes, repo, sender, action) | {"check_suite": suite}


def merge_group(
    shapes: Shapes, repo: Repository, *, head: Json, branch: str, pull: Pull, sender: User
) -> Json:
    return frame(shapes, repo, sender, "checks_requested") | {
        "merge_group": {
            "head_sha": head["id"], "head_ref": f"refs/heads/{branch}", "head_commit": head,
            "base_sha": pull.base_sha, "base_ref": f"refs/heads/{pull.base_ref}",
        }
    }  # fmt: skip


def installation(
    shapes: Shapes, action: str, number: int, repos: list[Repository], sender: User
) -> Json:
    return {
        "action": action,
        "installation": shapes.installation(shapes.state.installations[number]),
        "repositories": [_brief(repo) for repo in repos],
        "requester": None,
        "sender": shapes.user(sender),
    }


def installation_repositories(
    shapes: Shapes,
    number: int,
    *,
    added: list[Repository],
    removed: list[Repository],
    sender: User,
) -> Json:
    return {
        "action": "added" if added else "removed",
        "installation": shapes.installation(shapes.state.installations[number]),
        "repository_selection": "selected",
        "repositories_added": [_brief(repo) for repo in added],
        "repositories_removed": [_brief(repo) for repo in removed],
        "requester": None,
        "sender": shapes.user(sender),
    }


def ping(shapes: Shapes, app_id: int, url: str, events: tuple[str, ...]) -> Json:
    made = "2026-01-01T00:00:00Z"
    return {
        "zen": "Keep it logically awesome.",
        "hook_id": 1,
        "hook": {
            "type": "App", "id": 1, "name": "web", "active": True, "events": list(events),
            "config": {
                "content_type": "json", "insecure_ssl": "0", "secret": "********", "url": url,
            },
            "updated_at": made, "created_at": made, "app_id": app_id,
            "deliveries_url": f"{shapes.api}/app/hook/deliveries",
        },
    }  # fmt: skip


def _brief(repo: Repository) -> Json:
    return {
        "id": repo.id, "node_id": node("R", repo.id), "name": repo.name,
        "full_name": repo.full_name, "private": repo.private,
    }  # fmt: skip
