"""Trailers are what git calls trailers, in every message of a squashed body."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.context.checkpoints import MAX_CHECKPOINTS, layout, named
from bot.context.checkpoints.provenance import provenance
from bot.context.checkpoints.trailers import Trailer, last_trailers, trailers
from bot.models.context import CommitNote

ONE, TWO = "0123456789ab", "01ARZ3NDEKTSV4RRFFQ69G5FAV"
LINES = st.lists(
    st.sampled_from(
        [
            "", "", "", "Add a thing", "Entire-Checkpoint: 0123456789ab", "Signed-off-by: a <a@b>",
            "  goes on", "# a comment", "key : value", "Key:value", "see: this", "not a trailer",
            "(cherry picked from commit abc)", "http://x.y/z", "Token without colon", "a-b: c: d",
            "_under: score", " ", "\tTabbed: value", "Empty:",
        ]
    ),
    max_size=14,
).map("\n".join)  # fmt: skip


def by_git(message):
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse", "--no-divider"],
        input=message.encode(), capture_output=True, check=True,
    )  # fmt: skip
    return [row.partition(":")[::2] for row in done.stdout.decode().splitlines()]


@settings(max_examples=120, deadline=None)
@given(LINES)
def test_the_last_block_is_the_one_that_git_reads(body):
    message = f"Title\n\n{body}\n"
    mine = [(t.token, t.value.strip()) for t in last_trailers(message)]
    theirs = [(token.strip(), value.strip()) for token, value in by_git(message)]
    # Git prints the whole line of a cherry-pick, which has no token.
    assert mine == [pair for pair in theirs if not pair[0].startswith("(cherry")]


def test_a_squashed_body_holds_the_trailers_of_each_of_its_messages():
    message = (
        "Add parsing (#12)\n\n* Parse\n\nBecause.\n\n"
        f"Entire-Checkpoint: {ONE}\n\n* Mend it\n\nEntire-Checkpoint: {TWO}\n"
        "Co-authored-by: Claude <noreply@anthropic.com>\n"
    )
    assert layout.checkpoint_ids(trailers(message)) == (ONE, TWO)
    assert [t.token for t in last_trailers(message)] == ["Entire-Checkpoint", "Co-authored-by"]


def test_what_only_looks_like_one_is_none():
    message = (
        f"Entire-Checkpoint: {ONE}\n\nSee Entire-Checkpoint: {ONE} there, and\n"
        f"Entire-Checkpoint: {ONE}\nwhich is prose.\n\n```\nEntire-Checkpoint: {ONE}\n```\n"
    )
    assert trailers(message) == ()


def test_only_ids_become_paths_and_references():
    evil = ["../../etc", "0123456789AB", ONE + "0", "", f"{ONE}/..", TWO.lower(), f"{ONE}\n"]
    assert layout.checkpoint_ids(Trailer(token="Entire-Checkpoint", value=v) for v in evil) == ()
    assert layout.folder(ONE) == "01/23456789ab"
    assert layout.reference(TWO) == f"refs/entire/checkpoints/AV/{TWO}"
    assert layout.checkpoint_ids([Trailer(token="entire-CHECKPOINT", value=ONE)]) == (ONE,)


def test_only_files_that_say_something_are_read():
    assert [p for p in ("metadata.json", "0/prompt.txt", "21/full.jsonl") if layout.is_read(p)]
    for path in ("0/context.md", "tasks/x/full.jsonl", "0/../metadata.json", "00/prompt.txt"):
        assert not layout.is_read(path)


def test_a_checkpoint_has_all_commits_that_name_it_and_the_last_are_kept():
    def commit(n, *ids):
        body = "\n".join(f"Entire-Checkpoint: {name}" for name in ids)
        return CommitNote(sha=f"{n:040x}", subject="x", body=body)

    assert named([commit(1, ONE), commit(2, TWO, ONE)]) == {
        ONE: [f"{1:040x}", f"{2:040x}"],
        TWO: [f"{2:040x}"],
    }
    many = [commit(n, f"{n:012x}") for n in range(90)]
    assert list(named(many)) == [f"{n:012x}" for n in range(90 - MAX_CHECKPOINTS, 90)]


def test_other_tools_say_who_helped():
    said = [
        ("a", trailers("x\n\nCo-authored-by: Claude <noreply@anthropic.com>")),
        ("b", trailers("x\n\nCo-authored-by: Ada <ada@example.com>\nAssisted-by: some model")),
        ("c", trailers("x\n\nCo-Authored-By: Claude <noreply@anthropic.com>")),
    ]
    assert [(p.token, p.who, p.commits) for p in provenance(said)] == [
        ("co-authored-by", "Claude <noreply@anthropic.com>", ("a", "c")),
        ("assisted-by", "some model", ("b",)),
    ]
