"""The GraphQL part: review threads, and resolving them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from bot.demo import threads
from bot.demo.credentials import reaches
from bot.demo.graphql_documents import Field, GraphQLSyntax, operation
from bot.demo.hub import Hub
from bot.demo.permissions import GRAPHQL_RULES, grants
from bot.demo.shapes import moment
from bot.demo.state import Pull, Repository, ReviewComment, Thread, Token, User

T = TypeVar("T")
Resolver = Callable[["_Answer", Field], Any]
LARGEST_PAGE = 100


class GraphQLError(Exception):
    """One entry of ``errors``; the field that it befell is null."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


async def answer_graphql(hub: Hub, token: Token, body: Mapping[str, Any]) -> dict[str, Any]:
    """What GitHub answers with status 200, errors included."""
    document, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(document, str) or not isinstance(variables, dict):
        return {
            "errors": [{"message": "A query attribute must be specified and must be a string."}]
        }
    try:
        kind, fields = operation(document, variables)
    except GraphQLSyntax as error:
        return {"errors": [{"message": f"Parse error: {error}"}]}
    return _Answer(hub, token).root(kind, fields)


class _Answer:
    """Resolves one document for one token."""

    def __init__(self, hub: Hub, token: Token) -> None:
        self.hub = hub
        self.token = token

    def root(self, kind: str, fields: Sequence[Field]) -> dict[str, Any]:
        table = MUTATIONS if kind == "mutation" else QUERIES
        data: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for field in fields:
            data[field.key] = None
            try:
                data[field.key] = table.get(field.name, _undefined)(self, field)
            except GraphQLError as error:
                errors.append({"type": error.kind, "path": [field.key], "message": str(error)})
        return {"data": data} | ({"errors": errors} if errors else {})

    def permit(self, name: str, repo: Repository) -> None:
        token = self.token
        if not reaches(token, repo):
            raise GraphQLError("NOT_FOUND", f"Could not resolve to {repo.full_name}.")
        if token.user is None and not grants(token.permissions, GRAPHQL_RULES[name]):
            raise GraphQLError("FORBIDDEN", "Resource not accessible by integration")

    def select(
        self, fields: Sequence[Field], kind: str, known: Mapping[str, Callable[[Field], Any]]
    ) -> dict[str, Any]:
        """The asked fields of one object, by the key that the document gives them."""
        made: dict[str, Any] = {}
        for field in fields:
            if field.on and field.on not in (kind, "Node"):
                continue
            if field.name == "__typename":
                made[field.key] = kind
            elif field.name in known:
                made[field.key] = known[field.name](field)
            else:
                raise GraphQLError(
                    "undefinedField", f"Field '{field.name}' doesn't exist on type '{kind}'"
                )
        return made

    def connection(
        self, field: Field, items: Sequence[T], show: Callable[[T, Sequence[Field]], Any]
    ) -> dict[str, Any]:
        """A page of ``items`` from ``first`` and ``after``."""
        first, after = field.arguments.get("first"), field.arguments.get("after")
        if not isinstance(first, int) or not 0 < first <= LARGEST_PAGE:
            raise GraphQLError(
                "MISSING_PAGINATION_BOUNDARIES",
                "You must provide a `first` value between 1 and 100 to paginate.",
            )
        start = int(after) if isinstance(after, str) and after.isdigit() else 0
        shown = items[start : start + first]
        end = start + len(shown)
        info: dict[str, Callable[[Field], Any]] = {
            "hasNextPage": lambda _: end < len(items),
            "endCursor": lambda _: str(end) if shown else None,
            "hasPreviousPage": lambda _: start > 0,
            "startCursor": lambda _: str(start) if shown else None,
        }
        return self.select(
            field.selections,
            "Connection",
            {
                "totalCount": lambda _: len(items),
                "nodes": lambda asked: [show(item, asked.selections) for item in shown],
                "pageInfo": lambda asked: self.select(asked.selections, "PageInfo", info),
            },
        )

    def pull(self, pull: Pull, fields: Sequence[Field]) -> dict[str, Any]:
        found = self.hub.state.threads_of(pull)
        return self.select(
            fields,
            "PullRequest",
            {
                "id": lambda _: f"PR_kwDO{pull.id:08d}",
                "number": lambda _: pull.number,
                "title": lambda _: pull.title,
                "headRefOid": lambda _: pull.head_sha,
                "reviewThreads": lambda field: self.connection(field, found, self.thread),
            },
        )

    def thread(self, thread: Thread, fields: Sequence[Field]) -> dict[str, Any]:
        comments = self.hub.state.comments_in(thread)
        first = comments[0]
        resolver = thread.resolved_by
        return self.select(
            fields,
            "PullRequestReviewThread",
            {
                "id": lambda _: thread.id,
                "isResolved": lambda _: resolver is not None,
                "isOutdated": lambda _: first.outdated,
                "isCollapsed": lambda _: resolver is not None or first.outdated,
                "path": lambda _: first.path,
                "line": lambda _: first.line,
                "originalLine": lambda _: first.original_line,
                "startLine": lambda _: first.start_line,
                "diffSide": lambda _: first.side,
                "subjectType": lambda _: first.subject_type.upper(),
                "viewerCanResolve": lambda _: True,
                "resolvedBy": lambda field: (
                    self.actor(resolver, field.selections) if resolver else None
                ),
                "comments": lambda field: self.connection(field, comments, self.comment),
            },
        )

    def comment(self, comment: ReviewComment, fields: Sequence[Field]) -> dict[str, Any]:
        pull = self.hub.state.pulls[comment.repo_id, comment.number]
        page = f"{self.hub.shapes.pull_page(pull)}#discussion_r{comment.id}"
        return self.select(
            fields,
            "PullRequestReviewComment",
            {
                "id": lambda _: f"PRRC_kwDO{comment.id:08d}",
                "databaseId": lambda _: comment.id,
                "fullDatabaseId": lambda _: str(comment.id),
                "body": lambda _: comment.body,
                "path": lambda _: comment.path,
                "url": lambda _: page,
                "createdAt": lambda _: moment(comment.created_at),
                "outdated": lambda _: comment.outdated,
                "author": lambda field: self.actor(comment.user, field.selections),
            },
        )

    def actor(self, user: User, fields: Sequence[Field]) -> dict[str, Any]:
        """A bot's login has no ``[bot]`` here, unlike in REST."""
        return self.select(
            fields,
            user.type,
            {"login": lambda _: user.login.removesuffix("[bot]"), "id": lambda _: f"U_{user.id}"},
        )


def _undefined(answer: _Answer, field: Field) -> Any:
    raise GraphQLError("undefinedField", f"Field '{field.name}' doesn't exist here")


def _repository(answer: _Answer, field: Field) -> Any:
    name = f"{field.arguments.get('owner')}/{field.arguments.get('name')}"
    repo = answer.hub.state.repository(name)
    missing = GraphQLError(
        "NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'."
    )
    if repo is None:
        raise missing
    answer.permit("repository", repo)

    def pull(asked: Field) -> Any:
        number = asked.arguments.get("number")
        found = answer.hub.state.pulls.get((repo.id, number if isinstance(number, int) else 0))
        if found is None:
            raise GraphQLError(
                "NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}."
            )
        return answer.pull(found, asked.selections)

    return answer.select(
        field.selections,
        "Repository",
        {"pullRequest": pull, "nameWithOwner": lambda _: repo.full_name},
    )


def _thread(answer: _Answer, thread_id: object, permission: str) -> Thread:
    thread = answer.hub.state.threads.get(str(thread_id))
    if thread is None:
        raise GraphQLError(
            "NOT_FOUND", f"Could not resolve to a node with the global id of '{thread_id}'"
        )
    answer.permit(permission, answer.hub.state.repositories[thread.repo_id])
    return thread


def _node(answer: _Answer, field: Field) -> Any:
    return answer.thread(_thread(answer, field.arguments.get("id"), "repository"), field.selections)


def _settle(answer: _Answer, field: Field) -> Any:
    """Resolve a thread, or open it again."""
    given = field.arguments.get("input")
    thread_id = given.get("threadId") if isinstance(given, dict) else None
    thread = _thread(answer, thread_id, field.name)
    by = answer.token.user or answer.hub.bot
    threads.settle(answer.hub, thread, by, resolved=field.name == "resolveReviewThread")
    mutation_id = given.get("clientMutationId") if isinstance(given, dict) else None
    return answer.select(
        field.selections,
        "Payload",
        {
            "thread": lambda asked: answer.thread(thread, asked.selections),
            "clientMutationId": lambda _: mutation_id,
        },
    )


QUERIES: Mapping[str, Resolver] = {"repository": _repository, "node": _node}
MUTATIONS: Mapping[str, Resolver] = {
    "resolveReviewThread": _settle,
    "unresolveReviewThread": _settle,
}
