"""Records as GitHub's JSON: accounts, repositories, pull requests, the App."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.demo.diffs import File
from bot.demo.state import Installation, Pull, Repository, State, User

Json = dict[str, Any]

_REPO_LINKS = {
    "archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}", "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}", "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}", "contributors_url": "/contributors",
    "deployments_url": "/deployments", "downloads_url": "/downloads", "events_url": "/events",
    "forks_url": "/forks", "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}", "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}",
    "languages_url": "/languages", "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags",
    "teams_url": "/teams", "trees_url": "/git/trees{/sha}",
}  # fmt: skip
_USER_LINKS = {
    "followers_url": "/followers", "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}", "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions", "organizations_url": "/orgs", "repos_url": "/repos",
    "events_url": "/events{/privacy}", "received_events_url": "/received_events",
}  # fmt: skip


def moment(when: datetime | None) -> str | None:
    """GitHub's times: UTC, whole seconds."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def node(prefix: str, number: int) -> str:
    return f"{prefix}_kwDO{number:08d}"


class Shapes:
    """Builds the JSON; ``api`` and ``web`` are the bases of every link in it."""

    def __init__(self, state: State, *, api: str, web: str, app: Mapping[str, Any]) -> None:
        self.state = state
        self.api = api
        self.web = web
        self._app = app

    def user(self, user: User) -> Json:
        url = f"{self.api}/users/{quote(user.login)}"
        return {
            "login": user.login, "id": user.id, "node_id": node("U", user.id),
            "avatar_url": f"{self.web}/avatars/{user.id}", "gravatar_id": "", "url": url,
            "html_url": f"{self.web}/{quote(user.login)}", "type": user.type,
            "user_view_type": "public", "site_admin": False,
            **{name: url + rest for name, rest in _USER_LINKS.items()},
        }  # fmt: skip

    def repo_url(self, repo: Repository) -> str:
        return f"{self.api}/repos/{repo.full_name}"

    def repo_page(self, repo: Repository) -> str:
        return f"{self.web}/{repo.full_name}"

    def repository(self, repo: Repository, *, permission: str = "read") -> Json:
        url, page = self.repo_url(repo), self.repo_page(repo)
        forks = sum(
            r.parent_id == repo.id and not r.deleted for r in self.state.repositories.values()
        )
        issues = sum(pull.state == "open" for pull in self.state.pulls_of(repo))
        made = moment(repo.created_at)
        return {
            "id": repo.id, "node_id": node("R", repo.id), "name": repo.name,
            "full_name": repo.full_name, "private": repo.private, "owner": self.user(repo.owner),
            "html_url": page, "description": None, "fork": repo.parent_id is not None, "url": url,
            **{name: url + rest for name, rest in _REPO_LINKS.items()},
            "created_at": made, "updated_at": made, "pushed_at": made,
            "git_url": f"{page}.git", "ssh_url": f"{page}.git", "clone_url": f"{page}.git",
            "svn_url": page, "homepage": None, "size": 1, "stargazers_count": 0,
            "watchers_count": 0, "language": None, "has_issues": True, "has_projects": True,
            "has_downloads": True, "has_wiki": True, "has_pages": False, "has_discussions": False,
            "forks_count": forks, "mirror_url": None, "archived": False, "disabled": False,
            "open_issues_count": issues, "license": None, "allow_forking": True,
            "allow_rebase_merge": True, "allow_squash_merge": True,
            "allow_merge_commit": True, "allow_auto_merge": False, "delete_branch_on_merge": False,
            "allow_update_branch": False, "is_template": False,
            "web_commit_signoff_required": False, "topics": [],
            "visibility": "private" if repo.private else "public", "forks": forks,
            "open_issues": issues, "watchers": 0, "default_branch": repo.default_branch,
            "permissions": _flags(permission),
        }  # fmt: skip

    def full_repository(self, repo: Repository, *, permission: str = "read") -> Json:
        """What ``GET /repos/…`` adds."""
        whole = self.repository(repo, permission=permission)
        whole |= {"network_count": whole["forks_count"], "subscribers_count": 0}
        parent = self.state.repositories.get(repo.parent_id or 0)
        if parent is not None:
            whole |= {"parent": self.repository(parent), "source": self.repository(parent)}
        return whole

    def association(self, repo: Repository, user: User) -> str:
        if user.login.lower() == repo.owner.login.lower():
            return "OWNER"
        return "COLLABORATOR" if user.login.lower() in repo.permissions else "NONE"

    def label(self, repo: Repository, name: str) -> Json:
        return {
            "id": 1, "node_id": node("LA", 1), "name": name, "description": "", "color": "ededed",
            "url": f"{self.repo_url(repo)}/labels/{quote(name)}", "default": False,
        }  # fmt: skip

    def pull_url(self, pull: Pull) -> str:
        return f"{self.repo_url(self.state.repositories[pull.repo_id])}/pulls/{pull.number}"

    def pull_page(self, pull: Pull) -> str:
        return f"{self.repo_page(self.state.repositories[pull.repo_id])}/pull/{pull.number}"

    def pull(self, pull: Pull) -> Json:
        """As lists show it."""
        repo = self.state.repositories[pull.repo_id]
        head_repo = self.state.repositories.get(pull.head_repo_id or 0)
        url, page = self.pull_url(pull), self.pull_page(pull)
        issue = f"{self.repo_url(repo)}/issues/{pull.number}"
        links = {
            "self": url, "html": page, "issue": issue, "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self.repo_url(repo)}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{self.repo_url(repo)}/statuses/{pull.head_sha}",
        }  # fmt: skip
        return {
            "url": url, "id": pull.id, "node_id": node("PR", pull.id), "html_url": page,
            "diff_url": f"{page}.diff", "patch_url": f"{page}.patch", "issue_url": issue,
            "number": pull.number, "state": pull.state, "locked": False, "title": pull.title,
            "user": self.user(pull.user), "body": pull.body or None,
            "created_at": moment(pull.created_at), "updated_at": moment(pull.updated_at),
            "closed_at": moment(pull.closed_at), "merged_at": moment(pull.merged_at),
            "merge_commit_sha": pull.merge_sha, "assignee": None, "assignees": [],
            "requested_reviewers": [], "requested_teams": [],
            "labels": [self.label(repo, name) for name in pull.labels], "milestone": None,
            "draft": pull.draft, "commits_url": links["commits"],
            "review_comments_url": links["review_comments"],
            "review_comment_url": links["review_comment"], "comments_url": links["comments"],
            "statuses_url": links["statuses"],
            "head": self._end(head_repo, pull.head_ref, pull.head_sha, pull.user),
            "base": self._end(repo, pull.base_ref, pull.base_sha, repo.owner),
            "_links": {name: {"href": href} for name, href in links.items()},
            "author_association": self.association(repo, pull.user), "auto_merge": None,
            "active_lock_reason": None,
        }  # fmt: skip

    def full_pull(self, pull: Pull, files: Sequence[File], commits: int) -> Json:
        """As ``GET …/pulls/N`` and deliveries show it."""
        is_open = pull.state == "open"
        return self.pull(pull) | {
            "merged": pull.merged_at is not None, "mergeable": True if is_open else None,
            "rebaseable": True if is_open else None,
            "mergeable_state": "clean" if is_open else "unknown", "merged_by": None,
            "comments": len(self.state.comments_of(pull)),
            "review_comments": len(self.state.review_comments_of(pull)),
            "maintainer_can_modify": pull.maintainer_can_modify, "commits": commits,
            "additions": sum(file.additions for file in files),
            "deletions": sum(file.deletions for file in files), "changed_files": len(files),
        }  # fmt: skip

    def _end(self, repo: Repository | None, ref: str, sha: str, fallback: User) -> Json:
        owner = repo.owner if repo else fallback
        return {
            "label": f"{owner.login}:{ref}" if repo else "unknown repository", "ref": ref,
            "sha": sha, "user": self.user(owner), "repo": self.repository(repo) if repo else None,
        }  # fmt: skip

    def app(self) -> Json:
        made = "2026-01-01T00:00:00Z"
        slug = self._app["slug"]
        return {
            "id": self._app["id"], "client_id": f"Iv1.{self._app['id']}", "slug": slug,
            "node_id": node("A", self._app["id"]),
            "owner": self.user(self.state.user(self._app["owner"], "Organization")),
            "name": slug, "description": None, "external_url": self.web,
            "html_url": f"{self.web}/apps/{slug}", "created_at": made, "updated_at": made,
            "permissions": dict(self._app["permissions"]), "events": list(self._app["events"]),
        }  # fmt: skip

    def installation(self, installation: Installation) -> Json:
        number = installation.id
        made = moment(installation.created_at)
        return {
            "id": number, "account": self.user(installation.account),
            "repository_selection": "all", "app_id": self._app["id"],
            "app_slug": self._app["slug"], "target_id": installation.account.id,
            "target_type": installation.account.type,
            "access_tokens_url": f"{self.api}/app/installations/{number}/access_tokens",
            "repositories_url": f"{self.api}/installation/repositories",
            "html_url": f"{self.web}/settings/installations/{number}",
            "permissions": dict(installation.permissions), "events": list(installation.events),
            "created_at": made, "updated_at": made, "single_file_name": None,
            "has_multiple_single_files": False, "single_file_paths": [], "suspended_by": None,
            "suspended_at": moment(installation.suspended_at),
        }  # fmt: skip


def _flags(permission: str) -> dict[str, bool]:
    order = ("read", "triage", "write", "maintain", "admin")
    names = ("pull", "triage", "push", "maintain", "admin")
    reached = order.index(permission) if permission in order else -1
    return {name: index <= reached for index, name in enumerate(names)}
