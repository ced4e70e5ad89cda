"""Pull requests, and what is asked about them: who may do what, files and branches."""

from __future__ import annotations

import base64
import binascii

from bot.errors import GitHubError, Unprocessable
from bot.github.calls import Calls
from bot.github.links import repo_path
from bot.github.payload import needed_text, obj, text
from bot.github.records import to_permission, to_pull
from bot.models.github import Permission, PullRequest


class Pulls(Calls):
    async def pull(self, number: int) -> PullRequest:
        return to_pull(await self._get("pulls", number))

    async def open_pulls(self) -> list[PullRequest]:
        return [to_pull(item) for item in await self._all("pulls", state="open")]

    async def pulls_for_head(self, sha: str) -> list[PullRequest]:
        """Open pull requests with exactly this head, those of forks too.

        GitHub's own question names pull requests that merely contain the commit, and knows nothing
        of a fork's commits; then all open ones are looked through.
        """
        try:
            asked = [to_pull(item) for item in await self._all("commits", sha, "pulls")]
        except Unprocessable:  # no such commit in this repository
            asked = []
        found = [pull for pull in asked if pull.head_sha == sha and pull.state == "open"]
        return found or [pull for pull in await self.open_pulls() if pull.head_sha == sha]

    async def permission(self, login: str) -> Permission:
        """What ``login`` may do here, asked of GitHub each time."""
        if not login:
            return Permission.NONE
        path = repo_path(self.repo, "collaborators", login, "permission")
        try:
            return to_permission(await self._api.getitem(path))
        except GitHubError as error:
            if error.status == 404:
                return Permission.NONE
            raise

    async def file(self, path: str, ref: str) -> bytes | None:
        """A file's content at ``ref``; None if there is no file of that name."""
        try:
            answer = await self._api.getitem(
                repo_path(self.repo, "contents", *path.split("/"), ref=ref)
            )
        except GitHubError as error:
            if error.status == 404:
                return None
            raise
        if not isinstance(answer, dict) or answer.get("type") != "file":
            return None  # a directory, a submodule, or a link that leads out of the repository
        if text(answer, "encoding") != "base64":
            raise GitHubError(f"{path} is larger than GitHub shows (1 MB)", 200)
        try:
            return base64.b64decode(text(answer, "content"))
        except binascii.Error as error:
            raise GitHubError(f"GitHub's answer for {path} is not base64", 200) from error

    async def branch_sha(self, name: str) -> str:
        """The commit at the tip of a branch."""
        branch = obj(await self._get("branches", name), "branch")
        return needed_text(obj(branch.get("commit"), "commit"), "sha")
