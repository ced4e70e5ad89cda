"""What people do at GitHub: repositories, branches, pull requests, settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bot.demo import payloads
from bot.demo.credentials import APP_EVENTS, person_token, withdraw
from bot.demo.git import Content
from bot.demo.state import CheckRun, Installation, PlainIssue, Pull, Repository, User
from bot.demo.talk import Talk


class People(Talk):
    """Every deed sends the deliveries that GitHub would send; `settled` waits for them."""

    async def create_repo(
        self,
        owner: str,
        name: str,
        files: Mapping[str, Content] | None = None,
        *,
        private: bool = True,
        default_branch: str = "main",
        organization: bool = True,
        install: bool = True,
    ) -> Repository:
        """A repository whose default branch holds ``files``; the App is installed unless told."""
        account = self.state.user(owner, "Organization" if organization else "User")
        repo = Repository(
            id=self.state.new_id(), owner=account, name=name, private=private,
            path=self.root / "repositories" / f"{owner}--{name}.git",
            default_branch=default_branch, created_at=self.now(),
            installation_id=self._installation(account).id if install else None,
        )  # fmt: skip
        await self.git.init(repo.path, default_branch)
        self.state.repositories[repo.id] = repo
        if files is not None:
            await self.commit(repo, default_branch, files, message="First commit", author=owner)
        return repo

    def _installation(self, account: User) -> Installation:
        for known in self.state.installations.values():
            if known.account is account:
                return known
        made = Installation(
            id=self.state.new_id(), account=account, permissions=dict(self.app_permissions),
            events=APP_EVENTS, created_at=self.now(),
        )  # fmt: skip
        self.state.installations[made.id] = made
        return made

    async def fork(self, repo: Repository, owner: str) -> Repository:
        """Another account's copy, in the same network; the App is not installed there."""
        fork = Repository(
            id=self.state.new_id(), owner=self.state.user(owner), name=repo.name,
            private=repo.private, path=self.root / "repositories" / f"{owner}--{repo.name}.git",
            default_branch=repo.default_branch, created_at=self.now(), installation_id=None,
            parent_id=repo.id,
        )  # fmt: skip
        await self.git.fork(repo.path, fork.path, repo.default_branch)
        self.state.repositories[fork.id] = fork
        return fork

    async def delete_repo(self, repo: Repository) -> None:
        """Its pull requests elsewhere lose their head repository; their commits stay."""
        repo.deleted = True
        for pull in self.state.pulls.values():
            if pull.head_repo_id == repo.id:
                pull.head_repo_id = None

    async def commit(
        self,
        repo: Repository,
        branch: str,
        files: Mapping[str, Content],
        *,
        message: str = "Change",
        author: str = "octocat",
        start: str | None = None,
    ) -> str:
        """A commit on ``branch``, quietly. A new branch starts at ``start`` or the default one."""
        parent = await self.git.sha(repo.path, f"refs/heads/{branch}") if start is None else None
        if parent is None:
            parent = await self.git.sha(repo.path, start or f"refs/heads/{repo.default_branch}")
        return await self.git.commit(
            repo.path, branch, files,
            message=message, author=author, when=self.clock.now(), parent=parent,
        )  # fmt: skip

    async def push(
        self,
        repo: Repository,
        branch: str,
        files: Mapping[str, Content],
        *,
        by: str = "octocat",
        message: str = "Change",
        start: str | None = None,
    ) -> str:
        """A commit that everybody hears of. With ``start`` it is a force-push."""
        before = await self.git.branches(repo.path)
        sha = await self.commit(repo, branch, files, message=message, author=by, start=start)
        await self.branches_moved(repo, before, self.state.user(by))
        return sha

    async def set_branch(
        self, repo: Repository, branch: str, sha: str | None, *, by: str = "octocat"
    ) -> None:
        """Move a branch to a commit that is there, or (None) delete it."""
        before = await self.git.branches(repo.path)
        await self.git.set_ref(repo.path, f"refs/heads/{branch}", sha)
        await self.branches_moved(repo, before, self.state.user(by))

    def create_issue(
        self, repo: Repository, title: str, body: str = "", *, author: str = "octocat"
    ) -> PlainIssue:
        repo.last_number += 1
        issue = PlainIssue(
            id=self.state.new_id(), number=repo.last_number, repo_id=repo.id, title=title,
            body=body, author=self.state.user(author), created_at=self.now(),
        )  # fmt: skip
        self.state.issues[repo.id, issue.number] = issue
        return issue

    async def open_pull(
        self,
        repo: Repository,
        *,
        head: str,
        base: str | None = None,
        author: str = "octocat",
        title: str = "A change",
        body: str = "",
        head_repo: Repository | None = None,
        draft: bool = False,
        labels: Sequence[str] = (),
        maintainer_can_modify: bool = False,
    ) -> Pull:
        source = head_repo or repo
        base = base or repo.default_branch
        head_sha = await self.git.text(source.path, "rev-parse", f"refs/heads/{head}")
        base_sha = await self.git.text(repo.path, "rev-parse", f"refs/heads/{base}")
        await self.share(source)
        repo.last_number += 1
        now = self.now()
        pull = Pull(
            id=self.state.new_id(), number=repo.last_number, repo_id=repo.id, title=title,
            body=body, user=self.state.user(author), base_ref=base, base_sha=base_sha,
            head_ref=head, head_sha=head_sha, head_repo_id=source.id, created_at=now,
            updated_at=now, draft=draft, labels=list(labels), heads=[head_sha],
            maintainer_can_modify=maintainer_can_modify,
        )  # fmt: skip
        self.state.pulls[repo.id, pull.number] = pull
        await self.git.set_ref(repo.path, f"refs/pull/{pull.number}/head", head_sha)
        await self.emit_pull("opened", pull, pull.user)
        return pull

    async def close_pull(self, pull: Pull, *, by: str = "octocat") -> None:
        await self.close(pull, self.state.user(by))

    async def reopen_pull(self, pull: Pull, *, by: str = "octocat") -> None:
        pull.state, pull.closed_at = "open", None
        await self.emit_pull("reopened", pull, self.state.user(by))

    async def ready_for_review(self, pull: Pull) -> None:
        pull.draft = False
        await self.emit_pull("ready_for_review", pull, pull.user)

    async def edit_pull(
        self,
        pull: Pull,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
    ) -> None:
        """Another title, description or base branch."""
        changes: dict[str, object] = {}
        if title is not None:
            changes["title"], pull.title = {"from": pull.title}, title
        if body is not None:
            changes["body"], pull.body = {"from": pull.body}, body
        if base is not None:
            repo = self.state.repositories[pull.repo_id]
            changes["base"] = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
            pull.base_ref = base
            pull.base_sha = await self.git.text(repo.path, "rev-parse", f"refs/heads/{base}")
        pull.updated_at = self.now()
        await self.emit_pull("edited", pull, pull.user, changes=changes)

    async def merge_pull(self, pull: Pull, *, by: str = "octocat") -> str:
        """A merge commit on the base branch."""
        repo = self.state.repositories[pull.repo_id]
        sha = await self._merged(repo, pull)
        await self.git.set_ref(repo.path, f"refs/heads/{pull.base_ref}", sha)
        await self.close(pull, self.state.user(by), merged=sha)
        return sha

    async def queue_merge(self, pull: Pull, *, by: str = "octocat") -> str:
        """Put it into a merge queue: a group's commit waits for its checks."""
        repo, user = self.state.repositories[pull.repo_id], self.state.user(by)
        sha = await self._merged(repo, pull)
        branch = f"gh-readonly-queue/{pull.base_ref}/pr-{pull.number}-{pull.base_sha}"
        await self.git.set_ref(repo.path, f"refs/heads/{branch}", sha)
        head = await self.head_commit(repo, sha)
        payload = payloads.merge_group(
            self.shapes, repo, head=head, branch=branch, pull=pull, sender=user
        )
        self.emit("merge_group", repo, payload)
        return sha

    async def _merged(self, repo: Repository, pull: Pull) -> str:
        tree = await self.git.text(
            repo.path, "merge-tree", "--write-tree", pull.base_sha, pull.head_sha
        )
        return await self.git.commit_tree(
            repo.path, tree.splitlines()[0], (pull.base_sha, pull.head_sha),
            f"Merge pull request #{pull.number}", self.clock.now(),
        )  # fmt: skip

    def set_permission(self, repo: Repository, login: str, level: str) -> None:
        """``level``: none, read, triage, write, maintain or admin."""
        self.state.user(login)
        repo.permissions[login.lower()] = level

    def set_app_permission(self, name: str, level: str) -> None:
        """What the App asks for, agreed to by every owner. ``level``: none, read or write.

        Tokens that are out lose what they may not hold any more, and gain nothing.
        """
        installations = self.state.installations.values()
        for held in (self.app_permissions, *(i.permissions for i in installations)):
            held.pop(name, None)
            if level != "none":
                held[name] = level
        withdraw(self.state, name, level)

    def person_token(self, login: str) -> str:
        """What this person would put into git's password prompt."""
        return person_token(self.state, self.state.user(login), self.clock).value

    async def rerequest_check(self, run: CheckRun, *, by: str = "octocat") -> None:
        """Press "re-run" beside a check."""
        repo, user = self.state.repositories[run.repo_id], self.state.user(by)
        payload = payloads.check_run(
            self.shapes, "rerequested", run, user, self._branch(repo, run.head_sha)
        )
        self.emit("check_run", repo, payload)

    async def press(self, run: CheckRun, identifier: str, *, by: str = "octocat") -> None:
        """Press one of the buttons that the check brought."""
        if identifier not in [action["identifier"] for action in run.actions]:
            raise ValueError(f"the check has no button {identifier!r}")
        repo, user = self.state.repositories[run.repo_id], self.state.user(by)
        payload = payloads.check_run(
            self.shapes, "requested_action", run, user, self._branch(repo, run.head_sha)
        )
        self.emit("check_run", repo, {**payload, "requested_action": {"identifier": identifier}})

    async def rerequest_suite(self, repo: Repository, sha: str, *, by: str = "octocat") -> None:
        """Press "re-run all checks"."""
        head, user = await self.head_commit(repo, sha), self.state.user(by)
        payload = payloads.check_suite(
            self.shapes, "rerequested", repo, head, user, self._branch(repo, sha)
        )
        self.emit("check_suite", repo, payload)

    def _branch(self, repo: Repository, sha: str) -> str | None:
        heads = ((p.head_repo_id, p.head_sha, p.head_ref) for p in self.state.pulls_of(repo))
        return next((ref for source, head, ref in heads if (source, head) == (repo.id, sha)), None)

    async def uninstall(self, repo: Repository) -> None:
        """Take one repository away from the App."""
        number = repo.installation_id
        if number is None:
            return
        payload = payloads.installation_repositories(
            self.shapes, number, added=[], removed=[repo], sender=repo.owner
        )
        self.emit("installation_repositories", repo, payload)
        repo.installation_id = None

    async def delete_installation(self, repo: Repository) -> None:
        """The owner removes the App: its tokens are worth nothing from now on."""
        number = repo.installation_id
        if number is None:
            return
        reached = [r for r in self.state.repositories.values() if r.installation_id == number]
        payload = payloads.installation(self.shapes, "deleted", number, reached, repo.owner)
        self.emit("installation", repo, payload)
        del self.state.installations[number]
        for known in reached:
            known.installation_id = None

    async def ping(self) -> None:
        """What a new webhook hears first."""
        payload = payloads.ping(
            self.shapes, self.credentials.app_id, self.deliveries.url, APP_EVENTS
        )
        self.deliveries.send("ping", payload)

    async def settled(self) -> None:
        """Until every delivery sent so far is answered or given up."""
        await self.deliveries.settled()
        await asyncio.sleep(0)
