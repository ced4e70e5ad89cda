"""Pull requests to look at: the sample's, or one from a repository on this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bot.demo import sample
from bot.demo.git import GitRefused
from bot.demo.people import People
from bot.demo.state import CheckRun, Comment, Pull, Repository, ReviewComment
from bot.errors import HarnessError
from bot.models import PullRequest, Repo

BASES = (
    "refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master",
    "refs/heads/main", "refs/heads/master",
)  # fmt: skip
MARKER = "<!-- harness:"


class CannotImport(HarnessError):
    """The user's repository holds nothing to review; says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """A copy of two commits of a user's repository, as branches of a repository here."""

    repo: Repository
    base: str
    head: str
    title: str
    body: str
    author: str


def top_name(git_dir: Path) -> str:
    """The repository's folder: beside ``.git``, or the bare repository itself."""
    return git_dir.parent.name if git_dir.name == ".git" else git_dir.name.removesuffix(".git")


class Showcase(People):
    async def open_sample(self) -> PullRequest:
        """The demonstration's own pull request, opened and told to the App."""
        repo = await self.create_repo(sample.OWNER, sample.NAME, sample.BASE)
        self.set_permission(repo, sample.AUTHOR, "write")
        await self.commit(
            repo, sample.BRANCH, sample.CHANGE, message=sample.TITLE, author=sample.AUTHOR
        )
        pull = await self.open_pull(
            repo, head=sample.BRANCH, author=sample.AUTHOR, title=sample.TITLE, body=sample.BODY
        )
        await self.settled()
        return self.snapshot(pull)

    async def open_from(
        self, path: Path, *, base: str | None = None, head: str = "HEAD"
    ) -> PullRequest:
        """A user's branch as a pull request; the repository itself is only read."""
        found = await self.import_repository(path, base=base, head=head)
        self.set_permission(found.repo, found.author, "write")
        pull = await self.open_pull(
            found.repo, head=found.head, base=found.base, author=found.author,
            title=found.title, body=found.body,
        )  # fmt: skip
        await self.settled()
        return self.snapshot(pull)

    async def import_repository(
        self, path: Path, *, base: str | None = None, head: str = "HEAD"
    ) -> Imported:
        """Fetch the two commits with their history into a repository of the same name."""
        source = await self.git.find(path)
        if source is None:
            raise CannotImport(f"{path} is not inside a git repository")
        base_ref = await self._base_ref(source, base)
        base_sha, head_sha = await self.git.sha(source, base_ref), await self.git.sha(source, head)
        for name, sha in ((base_ref, base_sha), (head, head_sha)):
            if sha is None:
                raise CannotImport(f"there is no commit {name} in {path}")
        if base_sha == head_sha or base_sha is None or head_sha is None:
            raise CannotImport(f"{base_ref} and {head} are the same commit: nothing to review")
        if await self.git.merge_base(source, base_sha, head_sha) is None:
            raise CannotImport(f"{base_ref} and {head} have no common history")
        base_name = await self._branch_name(source, base_ref, "main")
        head_name = await self._branch_name(source, head, "change")
        if head_name == base_name:
            head_name = f"{head_name}-change"
        name = re.sub(r"[^A-Za-z0-9._-]", "-", top_name(source)).strip(".") or "repository"
        repo = await self.create_repo("local", name, default_branch=base_name)
        await self.git.fetch(
            repo.path, str(source),
            f"+{base_sha}:refs/heads/{base_name}", f"+{head_sha}:refs/heads/{head_name}",
        )  # fmt: skip
        subject, _, rest = (
            await self.git.text(repo.path, "show", "-s", "--format=%B", head_sha)
        ).partition("\n")
        return Imported(
            repo=repo, base=base_name, head=head_name, title=subject.strip() or head_name,
            body=rest.strip(), author="you",
        )  # fmt: skip

    async def _base_ref(self, source: Path, asked: str | None) -> str:
        if asked is not None:
            return asked
        for ref in BASES:
            if await self.git.sha(source, ref) is not None:
                return ref
        raise CannotImport("there is no origin/HEAD, main or master: name a base with --base")

    async def _branch_name(self, source: Path, ref: str, fallback: str) -> str:
        """The branch's own name where ``ref`` is one; git itself says whether a name is good."""
        try:
            # Only commits that exist come this far, so ``ref`` is no option.
            full = await self.git.text(source, "rev-parse", "--symbolic-full-name", ref)
        except GitRefused:
            return fallback
        name = re.sub(r"^refs/(heads|remotes/[^/]+)/", "", full.splitlines()[-1] if full else "")
        return name if name and not name.startswith(("refs/", "HEAD")) else fallback

    def snapshot(self, pull: Pull) -> PullRequest:
        """The pull request as it is now, as a record of the program."""
        repo = self.state.repositories[pull.repo_id]
        source = self.state.repositories.get(pull.head_repo_id or 0)
        return PullRequest(
            repo=Repo.parse(repo.full_name), number=pull.number, title=pull.title,
            body=pull.body, author=pull.user.login, state=pull.state, draft=pull.draft,
            labels=tuple(pull.labels), base_ref=pull.base_ref, base_sha=pull.base_sha,
            head_ref=pull.head_ref, head_sha=pull.head_sha,
            head_repo=Repo.parse(source.full_name) if source else None,
            default_branch=repo.default_branch, merged=pull.merged_at is not None,
            maintainer_can_modify=pull.maintainer_can_modify,
        )  # fmt: skip

    def record(self, pull: Pull | PullRequest) -> Pull:
        """The living record behind a snapshot."""
        if isinstance(pull, Pull):
            return pull
        repo = self.state.repository(pull.repo.full_name)
        if repo is None:
            raise LookupError(f"no repository {pull.repo.full_name}")
        return self.state.pulls[repo.id, pull.number]

    def page(self, pull: Pull | PullRequest) -> str:
        """Where people see it."""
        return self.shapes.pull_page(self.record(pull))

    def check(self, pull: Pull | PullRequest, name: str = "harness") -> CheckRun | None:
        """The newest check of that name on the pull request's head."""
        record = self.record(pull)
        repo = self.state.repositories[record.repo_id]
        found = [c for c in self.state.checks_of(repo, record.head_sha) if c.name == name]
        return found[-1] if found else None

    def summary(self, pull: Pull | PullRequest) -> Comment | None:
        """The bot's sticky comment."""
        for comment in self.state.comments_of(self.record(pull)):
            if comment.user is self.bot and MARKER in comment.body and "summary" in comment.body:
                return comment
        return None

    def review_comments(self, pull: Pull | PullRequest) -> list[ReviewComment]:
        return self.state.review_comments_of(self.record(pull))
