"""Trees are measured before they are written, and agents' configuration is left out."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checkout.listing import (
    DIRECTORY,
    FILE,
    LINK,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    MAX_NAME_BYTES,
    MAX_PATH_BYTES,
    MAX_TOTAL_BYTES,
    Entry,
    Listing,
    configures_agents,
    shape,
    strip,
)
from bot.errors import GitFailed, TreeRefused

BLOB = "a" * 40


def line(path: bytes, *, mode: str = "100644", kind: str = "blob", size: str = "7") -> bytes:
    return f"{mode} {kind} {BLOB} {size:>7}\t".encode() + path + b"\0"


def test_entries_are_read_across_any_cut():
    output = (
        line(b"a\tb\n \xff")
        + line(b"sub", mode="160000", kind="commit", size="-")
        + line(b"d", mode="040000", kind="tree", size="-")
    )
    whole, bytewise = Listing(), Listing()

    whole.add(output)
    for position in range(len(output)):
        bytewise.add(output[position : position + 1])

    assert whole.entries == bytewise.entries
    assert whole.entries == [
        Entry(mode=b"100644", kind=b"blob", sha=BLOB, size=7, path=b"a\tb\n \xff"),
        Entry(mode=b"160000", kind=b"commit", sha=BLOB, size=0, path=b"sub"),
        Entry(mode=b"040000", kind=b"tree", sha=BLOB, size=0, path=b"d"),
    ]


def test_a_tree_whose_files_are_not_here_is_said_to_be_so():
    with pytest.raises(GitFailed, match="lacks files"):
        Listing().add(line(b"a", size="BAD"))


@pytest.mark.parametrize(
    ("most", "beyond", "reason"),
    [
        (line(b"a") * MAX_ENTRIES, line(b"a"), "50,000 files"),
        (
            line(b"a", kind="tree", size="-") * MAX_ENTRIES,
            line(b"a", kind="tree", size="-"),
            "50,000 files",
        ),
        (
            line(b"a", size=str(MAX_FILE_BYTES)) * (MAX_TOTAL_BYTES // MAX_FILE_BYTES),
            line(b"a", size=str(MAX_FILE_BYTES)),
            "larger than 1024 MB",
        ),
        (
            line(b"a", size=str(MAX_FILE_BYTES)),
            line(b"a", size=str(MAX_FILE_BYTES + 1)),
            "a file of the tree is larger",
        ),
        (
            line(b"/".join([b"n" * 200] * 9 + [b"n" * 191])),
            line(b"/".join([b"n" * 200] * 9 + [b"n" * 192])),
            "longer than 2,000 bytes",
        ),
        (line(b"d/" * (MAX_DEPTH - 1) + b"f"), line(b"d/" * MAX_DEPTH + b"f"), "100 levels"),
        (
            line(b"d/" + b"n" * MAX_NAME_BYTES),
            line(b"d/" + b"n" * (MAX_NAME_BYTES + 1)),
            "longer than 255 bytes",
        ),
    ],
    ids=["files", "directories", "bytes", "one file", "path", "depth", "name"],
)
def test_the_first_entry_beyond_a_limit_is_refused(most, beyond, reason):
    assert MAX_PATH_BYTES == 2_000
    listing = Listing()
    listing.add(most)

    with pytest.raises(TreeRefused, match=reason):
        listing.add(beyond)


@pytest.mark.parametrize(
    "path",
    [
        "CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", "AGENTS.override.md", "GEMINI.md", "QWEN.md",
        ".claude/settings.json", ".mcp.json", "tsconfig.json", "jsconfig.json", "bunfig.toml",
        "docs/CONTEXT.md", ".geminiignore", "a/.ignore", ".codex/config.toml", ".agents/skills/x",
        ".gemini/.env", ".qwen/settings.json", ".opencode/plugin.js", "opencode.json", ".env",
        ".env.local", ".envrc", "deep/down/Claude.MD", "x/.CODEX/rules/y", "a/.claude",
    ],
)  # fmt: skip
def test_agent_configuration_is_known_at_every_depth_and_in_any_case(path):
    assert configures_agents(path.encode())


@pytest.mark.parametrize(
    "path", ["README.md", "claude.md.txt", "src/agents/main.py", "claude/x", "env", "x.env", "a/b"]
)
def test_other_files_are_not(path):
    assert not configures_agents(path.encode())


def tree(files: dict[bytes, str]) -> list[Entry]:
    """What ``git ls-tree -r -t`` lists of these blobs: directories too, in git's order."""
    listed: list[Entry] = []

    def write(prefix: bytes) -> str:
        names: dict[bytes, bytes] = {}
        for path in files:
            if path.startswith(prefix):
                head, slash, _ = path[len(prefix) :].partition(b"/")
                names[head] = b"tree" if slash else b"blob"
        members = []
        for name in sorted(names, key=lambda n: n + b"/" * (names[n] == b"tree")):
            path = prefix + name
            place = len(listed)
            if names[name] == b"tree":
                sha = write(path + b"/")
                entry = Entry(mode=b"040000", kind=b"tree", sha=sha, size=0, path=path)
                members.append(b"40000 %s\0%s" % (name, bytes.fromhex(sha)))
            else:
                entry = Entry(mode=b"100644", kind=b"blob", sha=files[path], size=1, path=path)
                members.append(b"100644 %s\0%s" % (name, bytes.fromhex(files[path])))
            listed.insert(place, entry)
        content = b"".join(members)
        return hashlib.sha1(
            b"tree %d\0%s" % (len(content), content), usedforsecurity=False
        ).hexdigest()

    root = write(b"")
    listed.append(Entry(mode=b"", kind=b"root", sha=root, size=0, path=b""))
    return listed


NAME = st.sampled_from([b"a", b"a.b", b"a-", b"b", b"CLAUDE.md", b".claude", b".env", b"z"])
PATHS = st.lists(NAME, min_size=1, max_size=4).map(b"/".join)


@given(st.dictionaries(PATHS, st.sampled_from(["1" * 40, "2" * 40]), min_size=1))
def test_the_stripped_tree_is_the_tree_of_the_files_that_stay(files):
    # A path cannot be a file and a directory at once.
    files = {
        path: sha
        for path, sha in files.items()
        if not any(other.startswith(path + b"/") for other in files)
    }
    stay = {path: sha for path, sha in files.items() if not configures_agents(path)}
    listed = tree(files)[:-1]

    stripped = strip(listed)

    assert [e.path for e in stripped.entries if e.kind == b"blob"] == [
        e.path for e in listed if e.path in stay
    ]
    if stay == files:
        assert (stripped.tree, stripped.batch, stripped.ids) == ("", b"", ())
    else:
        assert stripped.tree == tree(stay)[-1].sha
        assert stripped.ids[-1] == stripped.tree
        assert stripped.batch.count(b"\0\0") + stripped.batch.startswith(b"\0") >= 1


def test_ids_of_a_sha256_repository_are_as_long():
    entries = [
        Entry(mode=b"100644", kind=b"blob", sha="b" * 64, size=1, path=path)
        for path in (b"AGENTS.md", b"x")
    ]

    assert len(strip(entries).tree) == 64


def test_the_shape_of_a_tree_names_directories_that_hold_something():
    entries = [
        Entry(mode=mode, kind=kind, sha=BLOB, size=1, path=path)
        for mode, kind, path in [
            (b"040000", b"tree", b"empty"),
            (b"100755", b"blob", b"d/e/run"),
            (b"120000", b"blob", b"d/link"),
            (b"160000", b"commit", b"module"),
        ]
    ]

    assert shape(entries) == {
        b"d": DIRECTORY,
        b"d/e": DIRECTORY,
        b"d/e/run": FILE,
        b"d/link": LINK,
        b"module": DIRECTORY,
    }
