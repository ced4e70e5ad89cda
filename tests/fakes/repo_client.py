"""A repository on GitHub as publishing sees it: stateful, and as strict about anchors and limits.

``break_next`` makes the next call of a method fail, before it does its work or (a lost answer)
after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.errors import GitHubError, Unprocessable
from bot.models import Annotation, CheckRun, Comment, Diff, PostedCheck, PostedReview, Side, Thread

LOGIN = "harness[bot]"
START = datetime(2026, 11, 21, tzinfo=UTC)
COMMENT, OUTPUT, TITLE, ANNOTATIONS = 65_536, 65_535, 255, 50


@dataclass
class StoredCheck:
    """A check run with everything that was ever sent to it."""

    posted: PostedCheck
    check: CheckRun
    annotations: list[Annotation] = field(default_factory=list)
    requests: int = 1


class FakeRepoClient:
    """One repository with one pull request."""

    def __init__(self, diff: Diff | None = None, *, login: str = LOGIN):
        self.login = login
        self.diff = diff
        self.conversation: list[Comment] = []
        self.on_code: list[Comment] = []
        self.reviews_made: list[PostedReview] = []
        self.stored_checks: list[StoredCheck] = []
        self.answers: dict[int, list[Comment]] = {}
        """First comment of a thread -> the others."""
        self.resolved: set[int] = set()
        """First comments of the threads that are."""
        self.may_resolve = True
        self.refused: set[tuple[str, int | None]] = set()
        """(path, line) GitHub's own, clipped diff does not have; line None is the file."""
        self.calls: list[str] = []
        self.edits = 0
        self._broken: dict[str, list[tuple[Exception, bool]]] = {}
        self._ids = 1000

    def break_next(self, method, error=None, *, lost_answer=False, times=1):
        made = error or GitHubError("no answer came", 0)
        self._broken.setdefault(method, []).extend([(made, lost_answer)] * times)

    # ------------------------------------------------------------------- conversation

    async def issue_comments(self, number):
        with self._call("issue_comments"):
            return list(self.conversation)

    async def create_issue_comment(self, number, body):
        with self._call("create_issue_comment"):
            self._check_body(body)
            comment = self._comment(body)
            self.conversation.append(comment)
        return comment

    async def update_issue_comment(self, comment_id, body):
        with self._call("update_issue_comment"):
            self._check_body(body)
            index = next(n for n, c in enumerate(self.conversation) if c.id == comment_id)
            self.conversation[index] = replace(self.conversation[index], body=body)
            self.edits += 1
        return self.conversation[index]

    # ----------------------------------------------------------------- comments on code

    async def review_comments(self, number):
        with self._call("review_comments"):
            return list(self.on_code)

    async def create_review(self, number, commit_sha, body, comments):
        with self._call("create_review"):
            self._check_body(body)
            for draft in comments:
                self._check_anchor(draft)
                self._check_body(draft.body)
            review = PostedReview(
                id=self._id(), author=self.login, body=body, commit_sha=commit_sha, url="x"
            )
            self.reviews_made.append(review)
            for draft in comments:
                made = self._comment(draft.body, path=draft.path, line=draft.line)
                self.on_code.append(made)
        return review

    async def create_file_comment(self, number, commit_sha, path, body):
        with self._call("create_file_comment"):
            self._check_body(body)
            if (path, None) in self.refused or self.diff is None or self.diff.file(path) is None:
                raise Unprocessable(f"path could not be resolved: {path}")
            comment = self._comment(body, path=path)
            self.on_code.append(comment)
        return comment

    # ------------------------------------------------------------------------- threads

    async def threads(self, number):
        with self._call("threads"):
            return [
                Thread(
                    id=f"T{first.id}",
                    resolved=first.id in self.resolved,
                    outdated=False,
                    path=first.path,
                    line=first.line,
                    comments=(first, *self.answers.get(first.id, ())),
                )
                for first in self.on_code
            ]

    async def reply_in_thread(self, number, comment_id, body):
        with self._call("reply_in_thread"):
            self._check_body(body)
            assert comment_id in {first.id for first in self.on_code}, "no thread begins there"
            made = self._comment(body)
            self.answers.setdefault(comment_id, []).append(made)
        return made

    async def resolve_thread(self, thread_id):
        with self._call("resolve_thread"):
            if self.may_resolve:
                self.resolved.add(int(thread_id[1:]))
        return self.may_resolve

    async def unresolve_thread(self, thread_id):
        with self._call("unresolve_thread"):
            if self.may_resolve:
                self.resolved.discard(int(thread_id[1:]))
        return self.may_resolve

    def human(self, comment_id, body, *, by="ada"):
        """A person writes in the thread."""
        said = replace(self._comment(body), author=by)
        self.answers.setdefault(comment_id, []).append(said)

    # -------------------------------------------------------------------------- checks

    async def checks(self, sha, name):
        with self._call("checks"):
            found = [stored.posted for stored in self.stored_checks]
            return [c for c in found if c.head_sha == sha and c.name == name]

    async def create_check(self, check):
        with self._call("create_check"):
            self._check_output(check)
            stored = StoredCheck(posted=self._posted(self._id(), check, 0), check=check)
            stored.annotations += check.annotations
            stored.posted = self._posted(stored.posted.id, check, len(stored.annotations))
            self.stored_checks.append(stored)
        return stored.posted

    async def update_check(self, check_id, check):
        with self._call("update_check"):
            self._check_output(check)
            stored = next(s for s in self.stored_checks if s.posted.id == check_id)
            stored.annotations += check.annotations
            stored.check = check
            stored.requests += 1
            stored.posted = self._posted(check_id, check, len(stored.annotations))
        return stored.posted

    async def tell_check(self, check_id, title, summary):
        with self._call("tell_check"):
            stored = next(s for s in self.stored_checks if s.posted.id == check_id)
            stored.check = replace(stored.check, title=title, summary=summary)
            stored.requests += 1

    # ------------------------------------------------------------------------- insides

    def _call(self, name):
        self.calls.append(name)
        return _Call(self._broken.get(name, []))

    def _id(self):
        self._ids += 1
        return self._ids

    def _comment(self, body, *, path="", line=None):
        number = self._id()
        return Comment(
            id=number,
            author=self.login,
            body=body,
            url=f"https://github.example/octo/demo/pull/7#c{number}",
            created_at=START + timedelta(seconds=number),
            path=path,
            line=line,
        )

    def _posted(self, check_id, check, annotations):
        return PostedCheck(
            id=check_id,
            name=check.name,
            head_sha=check.head_sha,
            status=check.status.value,
            conclusion=check.conclusion.value if check.conclusion else None,
            external_id=check.external_id,
            app_id=1,
            annotations=annotations,
        )

    @staticmethod
    def _check_body(body):
        if not body.strip() or len(body) > COMMENT:
            raise Unprocessable("body is too long or empty")

    @staticmethod
    def _check_output(check):
        too_long = len(check.summary) > OUTPUT or len(check.text) > OUTPUT
        if too_long or len(check.title) > TITLE or len(check.annotations) > ANNOTATIONS:
            raise Unprocessable("output is too long")
        if not check.title or not check.summary:
            raise Unprocessable("output needs a title and a summary")
        for annotation in check.annotations:
            if len(annotation.title) > TITLE or len(annotation.message) > 64_000:
                raise Unprocessable("annotation is too long")

    def _check_anchor(self, draft):
        file = self.diff.file(draft.path) if self.diff is not None else None
        if file is None or (draft.path, draft.line) in self.refused:
            raise Unprocessable("pull_request_review_thread.path is invalid")
        first = draft.start_line if draft.start_line is not None else draft.line
        if first > draft.line or (draft.start_line is not None and first == draft.line):
            raise Unprocessable("start_line must precede the end line")
        wanted = set(range(first, draft.line + 1))
        if not any(
            wanted <= replace(file, hunks=(hunk,)).lines(Side(draft.side)) for hunk in file.hunks
        ):
            raise Unprocessable("pull_request_review_thread.line must be part of the diff")


class _Call:
    """Fails at its beginning or, when the answer gets lost, at its end."""

    def __init__(self, broken):
        self._fault = broken.pop(0) if broken else None

    def __enter__(self):
        if self._fault is not None and not self._fault[1]:
            raise self._fault[0]

    def __exit__(self, kind, error, traceback):
        if kind is None and self._fault is not None:
            raise self._fault[0]
        return False
