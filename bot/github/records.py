"""GitHub's payloads as records of `bot.models`, REST and GraphQL alike."""

from __future__ import annotations

from typing import Any

from bot.github.payload import (
    Payload,
    flag,
    items,
    maybe_number,
    moment,
    needed_text,
    number,
    obj,
    text,
)
from bot.models.context import LinkedIssue
from bot.models.github import (
    Comment,
    Permission,
    PostedCheck,
    PostedReview,
    PullRequest,
    Repo,
    Thread,
)

GHOST = "ghost"
"""GitHub's own name for the author of what a deleted account left behind."""
_BOT = "[bot]"


def to_issue(value: Any) -> LinkedIssue:
    data = obj(value, "issue")
    return LinkedIssue(
        number=number(data, "number"), title=text(data, "title"), text=text(data, "body")
    )


def to_pull(value: Any) -> PullRequest:
    data = obj(value, "pull request")
    base, head = obj(data.get("base"), "base"), obj(data.get("head"), "head")
    base_repo = obj(base.get("repo"), "base.repo")
    labels = data.get("labels")
    return PullRequest(
        repo=_repo(base_repo),
        number=number(data, "number"),
        title=text(data, "title"),
        body=text(data, "body"),
        author=author(data.get("user")),
        state=needed_text(data, "state"),
        draft=flag(data, "draft"),
        labels=tuple(
            text(label, "name")
            for label in (labels if isinstance(labels, list) else [])
            if isinstance(label, dict) and text(label, "name")
        ),
        base_ref=needed_text(base, "ref"),
        base_sha=needed_text(base, "sha"),
        head_ref=needed_text(head, "ref"),
        head_sha=needed_text(head, "sha"),
        head_repo=_repo(head["repo"]) if isinstance(head.get("repo"), dict) else None,
        default_branch=needed_text(base_repo, "default_branch"),
        maintainer_can_modify=flag(data, "maintainer_can_modify"),
        # A list of pull requests tells only when it was merged.
        merged=flag(data, "merged") or bool(text(data, "merged_at")),
    )


def to_permission(value: Any) -> Permission:
    """``permission`` knows four words; ``role_name`` tells triage and maintain apart.

    A custom role counts as the permission it is built on, and nothing is raised by a role's name.
    """
    data = obj(value, "permission")
    role = text(data, "role_name")
    match text(data, "permission"):
        case "admin":
            return Permission.ADMIN
        case "write":
            return Permission.MAINTAIN if role == "maintain" else Permission.WRITE
        case "read":
            return Permission.TRIAGE if role == "triage" else Permission.READ
        case _:
            return Permission.NONE


def to_check(value: Any) -> PostedCheck:
    data = obj(value, "check run")
    app, output = data.get("app"), data.get("output")
    return PostedCheck(
        id=number(data, "id"),
        name=needed_text(data, "name"),
        head_sha=needed_text(data, "head_sha"),
        status=needed_text(data, "status"),
        conclusion=text(data, "conclusion") or None,
        external_id=text(data, "external_id"),
        app_id=maybe_number(app, "id") if isinstance(app, dict) else None,
        url=text(data, "html_url"),
        annotations=maybe_number(output, "annotations_count") or 0
        if isinstance(output, dict)
        else 0,
    )


def to_comment(value: Any) -> Comment:
    """Of the conversation or of a review: the latter has a path, and a line if not outdated."""
    data = obj(value, "comment")
    return Comment(
        id=number(data, "id"),
        author=author(data.get("user")),
        body=text(data, "body"),
        url=text(data, "html_url"),
        created_at=moment(data, "created_at"),
        path=text(data, "path"),
        line=maybe_number(data, "line"),
    )


def to_review(value: Any) -> PostedReview:
    data = obj(value, "review")
    return PostedReview(
        id=number(data, "id"),
        author=author(data.get("user")),
        body=text(data, "body"),
        commit_sha=text(data, "commit_id"),
        url=text(data, "html_url"),
    )


def to_thread(value: Any, comments: list[Any], login: str) -> Thread:
    """GraphQL; ``comments`` are all of the thread's, in their order. ``login`` is our own."""
    data = obj(value, "thread")
    path, line = text(data, "path"), maybe_number(data, "line")
    return Thread(
        id=needed_text(data, "id"),
        resolved=flag(data, "isResolved"),
        outdated=flag(data, "isOutdated"),
        path=path,
        line=line,
        comments=tuple(_thread_comment(comment, path, line) for comment in comments),
        resolved_by=_resolver(data, login),
    )


def _resolver(thread: Payload, login: str) -> str:
    """GraphQL shows who resolved as a user, be it an App: ours is known by its name.

    Nobody else's account can have an App's slug for its name.
    """
    if not flag(thread, "isResolved"):
        return ""
    name = author(thread.get("resolvedBy"))
    return login if name + _BOT == login else name


def author(value: Any) -> str:
    """The login. GraphQL leaves a bot's suffix out; with it, both spell our own name alike."""
    if not isinstance(value, dict) or not text(value, "login"):
        return GHOST
    login = text(value, "login")
    is_bot = "Bot" in (value.get("type"), value.get("__typename"))
    return login + _BOT if is_bot and not login.endswith(_BOT) else login


def nodes(connection: Any, what: str) -> tuple[list[Any], str | None]:
    """A page of a GraphQL connection, and the cursor of the next one."""
    data = obj(connection, what)
    listed = [node for node in items(data, "nodes") if node is not None]
    page = obj(data.get("pageInfo"), f"{what}.pageInfo")
    return listed, needed_text(page, "endCursor") if flag(page, "hasNextPage") else None


def _thread_comment(value: Any, path: str, line: int | None) -> Comment:
    data = obj(value, "comment")
    return Comment(
        id=number(data, "fullDatabaseId"),
        author=author(data.get("author")),
        body=text(data, "body"),
        url=text(data, "url"),
        created_at=moment(data, "createdAt"),
        path=path,
        line=line,
    )


def _repo(data: Payload) -> Repo:
    return Repo.parse(needed_text(data, "full_name"))
