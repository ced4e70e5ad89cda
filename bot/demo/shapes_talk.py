"""Records as GitHub's JSON: comments, reviews, reactions, checks, files, commits."""

from __future__ import annotations

from urllib.parse import quote

from bot.demo.diffs import File
from bot.demo.shapes import Json, Shapes, moment, node
from bot.demo.state import (
    CheckRun,
    Comment,
    PlainIssue,
    Pull,
    Reaction,
    Repository,
    Review,
    ReviewComment,
)

CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def _pull(shapes: Shapes, record: Comment | Review | ReviewComment) -> Pull:
    return shapes.state.pulls[record.repo_id, record.number]


def _repo(shapes: Shapes, record: Comment | Review | ReviewComment | CheckRun) -> Repository:
    return shapes.state.repositories[record.repo_id]


def reactions(url: str, given: list[Reaction]) -> Json:
    counts = {content: sum(r.content == content for r in given) for content in CONTENTS}
    return {"url": f"{url}/reactions", "total_count": len(given), **counts}


def reaction(shapes: Shapes, record: Reaction) -> Json:
    return {
        "id": record.id, "node_id": node("REA", record.id), "user": shapes.user(record.user),
        "content": record.content, "created_at": moment(record.created_at),
    }  # fmt: skip


def comment(shapes: Shapes, record: Comment) -> Json:
    repo = _repo(shapes, record)
    url = f"{shapes.repo_url(repo)}/issues/comments/{record.id}"
    return {
        "url": url, "id": record.id, "node_id": node("IC", record.id),
        "html_url": f"{shapes.pull_page(_pull(shapes, record))}#issuecomment-{record.id}",
        "issue_url": f"{shapes.repo_url(repo)}/issues/{record.number}",
        "user": shapes.user(record.user), "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at), "body": record.body,
        "author_association": shapes.association(repo, record.user),
        "reactions": reactions(url, record.reactions),
        "performed_via_github_app": shapes.app() if record.by_app else None,
    }  # fmt: skip


def issue(shapes: Shapes, pull: Pull) -> Json:
    """A pull request as the issue that it also is."""
    repo = shapes.state.repositories[pull.repo_id]
    whole = shapes.pull(pull)
    url, page = whole["issue_url"], whole["html_url"]
    kept = (
        "id", "node_id", "number", "title", "user", "labels", "state", "locked", "assignee",
        "assignees", "milestone", "created_at", "updated_at", "closed_at", "author_association",
        "active_lock_reason", "body", "draft",
    )  # fmt: skip
    return {name: whole[name] for name in kept} | {
        "url": url, "html_url": page, "repository_url": shapes.repo_url(repo),
        "labels_url": f"{url}/labels{{/name}}", "comments_url": f"{url}/comments",
        "events_url": f"{url}/events", "timeline_url": f"{url}/timeline", "state_reason": None,
        "comments": len(shapes.state.comments_of(pull)), "performed_via_github_app": None,
        "reactions": reactions(url, []),
        "pull_request": {
            "url": whole["url"], "html_url": page, "diff_url": whole["diff_url"],
            "patch_url": whole["patch_url"], "merged_at": whole["merged_at"],
        },
    }  # fmt: skip


def plain_issue(shapes: Shapes, record: PlainIssue) -> Json:
    repo = shapes.state.repositories[record.repo_id]
    url = f"{shapes.repo_url(repo)}/issues/{record.number}"
    at = moment(record.created_at)
    return {
        "id": record.id, "node_id": node("I", record.id), "number": record.number,
        "title": record.title, "body": record.body or None, "user": shapes.user(record.author),
        "labels": [], "state": "open", "state_reason": None, "locked": False, "assignee": None,
        "assignees": [], "milestone": None, "created_at": at, "updated_at": at, "closed_at": None,
        "author_association": shapes.association(repo, record.author),
        "active_lock_reason": None, "url": url, "repository_url": shapes.repo_url(repo),
        "html_url": f"{shapes.web}/{repo.full_name}/issues/{record.number}",
        "labels_url": f"{url}/labels{{/name}}", "comments_url": f"{url}/comments",
        "events_url": f"{url}/events", "timeline_url": f"{url}/timeline", "comments": 0,
        "performed_via_github_app": None, "reactions": reactions(url, []),
    }  # fmt: skip


def review(shapes: Shapes, record: Review) -> Json:
    pull = _pull(shapes, record)
    page = f"{shapes.pull_page(pull)}#pullrequestreview-{record.id}"
    url = shapes.pull_url(pull)
    return {
        "id": record.id, "node_id": node("PRR", record.id), "user": shapes.user(record.user),
        "body": record.body, "state": record.state, "html_url": page, "pull_request_url": url,
        "author_association": shapes.association(_repo(shapes, record), record.user),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": moment(record.submitted_at), "commit_id": record.commit_id,
    }  # fmt: skip


def review_comment(shapes: Shapes, record: ReviewComment) -> Json:
    repo, pull = _repo(shapes, record), _pull(shapes, record)
    url = f"{shapes.repo_url(repo)}/pulls/comments/{record.id}"
    page = f"{shapes.pull_page(pull)}#discussion_r{record.id}"
    made = {
        "url": url, "pull_request_review_id": record.review_id, "id": record.id,
        "node_id": node("PRRC", record.id), "diff_hunk": record.diff_hunk, "path": record.path,
        "commit_id": record.commit_id, "original_commit_id": record.original_commit_id,
        "user": shapes.user(record.user), "body": record.body,
        "created_at": moment(record.created_at), "updated_at": moment(record.updated_at),
        "html_url": page, "pull_request_url": shapes.pull_url(pull),
        "author_association": shapes.association(repo, record.user),
        "_links": {
            "self": {"href": url}, "html": {"href": page},
            "pull_request": {"href": shapes.pull_url(pull)},
        },
        "reactions": reactions(url, record.reactions), "subject_type": record.subject_type,
    }  # fmt: skip
    if record.subject_type == "line":
        made |= {
            "start_line": record.start_line, "original_start_line": record.original_start_line,
            "start_side": record.start_side, "line": record.line,
            "original_line": record.original_line, "side": record.side,
        }  # fmt: skip
    if record.in_reply_to_id is not None:
        made["in_reply_to_id"] = record.in_reply_to_id
    return made


def check_run(shapes: Shapes, record: CheckRun) -> Json:
    repo = _repo(shapes, record)
    url = f"{shapes.repo_url(repo)}/check-runs/{record.id}"
    page = f"{shapes.repo_page(repo)}/runs/{record.id}"
    return {
        "id": record.id, "node_id": node("CR", record.id), "name": record.name,
        "head_sha": record.head_sha, "external_id": record.external_id, "url": url,
        "html_url": page, "details_url": record.details_url or shapes.web,
        "status": record.status, "conclusion": record.conclusion,
        "started_at": moment(record.started_at), "completed_at": moment(record.completed_at),
        "output": {
            "title": record.title or None, "summary": record.summary or None,
            "text": record.text or None,
            "annotations_count": len(record.annotations), "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": record.suite_id}, "app": shapes.app(),
        "pull_requests": pulls_of_head(shapes, repo, record.head_sha),
    }  # fmt: skip


def annotation(shapes: Shapes, record: CheckRun, given: Json) -> Json:
    page = f"{shapes.repo_page(_repo(shapes, record))}/blob/{record.head_sha}"
    names = (
        "path", "start_line", "end_line", "start_column", "end_column", "annotation_level",
        "title", "message", "raw_details",
    )  # fmt: skip
    return {name: given.get(name) for name in names} | {
        "blob_href": f"{page}/{quote(given['path'])}"
    }


def pulls_of_head(shapes: Shapes, repo: Repository, sha: str) -> list[Json]:
    """GitHub names none whose head is in a fork."""
    return [
        {
            "id": pull.id, "number": pull.number, "url": shapes.pull_url(pull),
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": _small(shapes, repo)},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": _small(shapes, repo)},
        }
        for pull in shapes.state.pulls_of(repo)
        if pull.state == "open" and (pull.head_repo_id, pull.head_sha) == (repo.id, sha)
    ]  # fmt: skip


def _small(shapes: Shapes, repo: Repository) -> Json:
    return {"id": repo.id, "url": shapes.repo_url(repo), "name": repo.name}


def check_suite(shapes: Shapes, repo: Repository, sha: str, branch: str | None) -> Json:
    runs = shapes.state.checks_of(repo, sha)
    ended = bool(runs) and all(run.status == "completed" for run in runs)
    suite = shapes.state.suite(repo, sha)
    url = f"{shapes.repo_url(repo)}/check-suites/{suite}"
    made = moment(min((run.started_at for run in runs), default=repo.created_at))
    return {
        "id": suite, "node_id": node("CS", suite), "head_branch": branch, "head_sha": sha,
        "status": "completed" if ended else "queued",
        "conclusion": runs[-1].conclusion if ended else None, "url": url, "before": None,
        "after": sha, "pull_requests": pulls_of_head(shapes, repo, sha), "app": shapes.app(),
        "created_at": made, "updated_at": made, "rerequestable": True, "runs_rerequestable": True,
        "latest_check_runs_count": len(runs), "check_runs_url": f"{url}/check-runs",
    }  # fmt: skip


def file(shapes: Shapes, pull: Pull, record: File) -> Json:
    repo = shapes.state.repositories[pull.repo_id]
    place = f"{pull.head_sha}/{quote(record.path)}"
    made = {
        "sha": record.sha, "filename": record.path, "status": record.status,
        "additions": record.additions, "deletions": record.deletions,
        "changes": record.additions + record.deletions,
        "blob_url": f"{shapes.repo_page(repo)}/blob/{place}",
        "raw_url": f"{shapes.repo_page(repo)}/raw/{place}",
        "contents_url": f"{shapes.repo_url(repo)}/contents/{quote(record.path)}"
        f"?ref={pull.head_sha}",
    }  # fmt: skip
    if record.patch is not None:
        made["patch"] = record.patch
    if record.old_path != record.path:
        made["previous_filename"] = record.old_path
    return made


def commit(shapes: Shapes, repo: Repository, raw: str) -> Json:
    """From ``git cat-file commit``-like text: see `bot.demo.rest.repos.COMMIT_FORMAT`."""
    sha, tree, parents, name, email, when, message = raw.split("\0", 6)
    url, page = f"{shapes.repo_url(repo)}/commits/{sha}", f"{shapes.repo_page(repo)}/commit/{sha}"
    person = {"name": name, "email": email, "date": when}
    return {
        "sha": sha, "node_id": f"C_{sha}", "url": url, "html_url": page,
        "comments_url": f"{url}/comments", "author": None, "committer": None,
        "commit": {
            "author": person, "committer": person, "message": message.rstrip("\n"),
            "tree": {"sha": tree, "url": f"{shapes.repo_url(repo)}/git/trees/{tree}"},
            "url": f"{shapes.repo_url(repo)}/git/commits/{sha}", "comment_count": 0,
            "verification": {
                "verified": False, "reason": "unsigned", "signature": None, "payload": None,
                "verified_at": None,
            },
        },
        "parents": [
            {"sha": p, "url": f"{shapes.repo_url(repo)}/commits/{p}",
             "html_url": f"{shapes.repo_page(repo)}/commit/{p}"}
            for p in parents.split()
        ],
    }  # fmt: skip
