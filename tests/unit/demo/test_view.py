"""What the page of a pull request shows where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from markupsafe import Markup

from bot.demo.diffs import File, Hunk, Row
from bot.demo.state import (
    CheckRun,
    Comment,
    Pull,
    Reaction,
    Review,
    ReviewComment,
    State,
    Thread,
)
from bot.demo.view import PullView, first_words

T0 = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = (
    Row(old=1, new=1, mark=" ", text="a"),
    Row(old=2, new=None, mark="-", text="b"),
    Row(old=None, new=2, mark="+", text="c"),
)
FILE = File(
    path="app.py", old_path="app.py", status="modified", sha="0", patch="x",
    hunks=(Hunk(header="@@ -1,2 +1,2 @@", rows=ROWS),),
)  # fmt: skip


class Stage:
    """One pull request and ways to talk on it."""

    def __init__(self) -> None:
        self.state = State()
        self.user = self.state.user("mira")
        self.pull = Pull(
            id=1, number=1, repo_id=1, title="T", body="", user=self.user, base_ref="main",
            base_sha="b", head_ref="h", head_sha="h", head_repo_id=1, created_at=T0, updated_at=T0,
        )  # fmt: skip
        self.review = Review(
            id=self.state.new_id(), repo_id=1, number=1, user=self.user, body="", commit_id="h",
            state="COMMENTED", submitted_at=T0 + timedelta(minutes=5),
        )  # fmt: skip
        self.state.reviews[self.review.id] = self.review

    def say(self, line: int | None, *, side: str = "RIGHT", path: str = "app.py") -> ReviewComment:
        number = self.state.new_id()
        self.state.threads[str(number)] = Thread(id=str(number), repo_id=1, number=1)
        comment = ReviewComment(
            id=number, repo_id=1, number=1, review_id=self.review.id, thread_id=str(number),
            user=self.user, body=f"**said** {number}", path=path, commit_id="h",
            original_commit_id="h", created_at=T0, updated_at=T0, side=side, line=line,
            original_line=9,
        )  # fmt: skip
        self.state.review_comments[number] = comment
        return comment

    def view(self, *checks: CheckRun) -> PullView:
        return PullView(
            state=self.state, pull=self.pull, files=[FILE], checks=checks,
            suggest=lambda comment, text: Markup("S"),
        )  # fmt: skip


def test_threads_stand_below_their_line() -> None:
    stage = Stage()
    right, left = stage.say(2), stage.say(2, side="LEFT")
    (shown,) = stage.view().diff()
    below = {
        line.row.text: [talk.anchor for talk in line.talks]
        for block in shown.blocks
        for line in block.lines
        if line.talks
    }
    assert below == {"b": [f"discussion_r{left.id}"], "c": [f"discussion_r{right.id}"]}


def test_what_has_no_line_stands_above_the_file() -> None:
    stage = Stage()
    outdated, whole = stage.say(None), stage.say(None)
    whole.subject_type = "file"
    (shown,) = stage.view().diff()
    assert [talk.place for talk in shown.above] == ["line 9, outdated", "on the file"]
    assert [talk.outdated for talk in shown.above] == [outdated.outdated, False]


def test_threads_on_files_that_are_gone_are_not_lost() -> None:
    stage = Stage()
    stage.say(1, path="gone.py")
    assert [talk.path for talk in stage.view().elsewhere()] == ["gone.py"]


def test_annotations_stand_at_their_last_line_or_above() -> None:
    stage = Stage()
    note = {"path": "app.py", "start_line": 1, "annotation_level": "notice", "message": "m"}
    check = CheckRun(
        id=1, repo_id=1, suite_id=1, name="harness", head_sha="h", status="completed",
        started_at=T0, annotations=[{**note, "end_line": 2}, {**note, "end_line": 40}],
    )  # fmt: skip
    (shown,) = stage.view(check).diff()
    placed = [line.row.new for block in shown.blocks for line in block.lines if line.notes]
    assert placed == [2]
    assert [kept["end_line"] for kept in shown.notes] == [40]


def test_the_conversation_is_in_the_order_of_time() -> None:
    stage = Stage()
    stage.say(2)
    for minute in (9, 1):
        number = stage.state.new_id()
        stage.state.comments[number] = Comment(
            id=number, repo_id=1, number=1, user=stage.user, body=f"at {minute}",
            created_at=T0 + timedelta(minutes=minute), updated_at=T0 + timedelta(minutes=minute),
            reactions=[Reaction(id=1, user=stage.user, content="eyes", created_at=T0)],
        )  # fmt: skip
    said = stage.view().conversation()
    assert [(item.verb, len(item.threads)) for item in said] == [
        ("opened", 0), ("commented", 0), ("reviewed", 1), ("commented", 0),
    ]  # fmt: skip
    assert said[1].reactions == (("👀", 1),)


def test_a_review_that_only_answers_is_not_shown() -> None:
    assert [item.verb for item in Stage().view().conversation()] == ["opened"]


def test_a_resolved_thread_says_by_whom() -> None:
    stage = Stage()
    comment = stage.say(2)
    stage.state.threads[comment.thread_id].resolved_by = stage.state.user("harness[bot]", "Bot")
    (shown,) = stage.view().diff()
    assert shown.blocks[0].lines[2].talks[0].resolved_by == "harness[bot]"


def test_first_words() -> None:
    assert first_words("\n**`eval` runs** · critical\n\nmore") == "eval runs · critical"
    assert first_words("## **SMTP\\_PASSWORD** \\*") == "## SMTP_PASSWORD *"
    assert first_words("") == ""


def test_templates_are_part_of_the_package() -> None:
    folder = Path(__file__).parents[3] / "bot" / "demo" / "templates"
    assert {"base.html", "pull.html", "style.css"} <= {file.name for file in folder.iterdir()}
