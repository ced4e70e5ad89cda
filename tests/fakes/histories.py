"""Plays the life of a pull request: pushes by a careless author, agents that fail and re-word.

What is true is known at every step, because every mistake is an object of its own, whatever
happens to the lines around it. What harness believes comes from the functions that a run calls.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from bot.findings.states import OPEN, after
from bot.models import (
    Act,
    AgentReport,
    Change,
    Diff,
    Finding,
    Issue,
    IssueState,
    KnownIssue,
    Placement,
    ReportState,
    ReviewResult,
    Severity,
    Workspace,
)
from bot.runner.settling import settle
from tests.fakes.nouns import report
from tests.fakes.trees import Tree, compare

AGENTS = ("claude", "codex", "gemini")
FAILS, MISSES, GONE = 0.12, 0.04, 0.5
"""An agent does not finish; it overlooks a mistake; a force-push takes the earlier heads away."""
WORDS = Path(__file__).parent.parent / "samples" / "findings.jsonl"
MOST = 14
"""Mistakes at a time."""


@dataclass(eq=False)
class Mistake:
    """One problem: its line while it is there, and what is true of it."""

    number: int
    texts: tuple[str, ...]
    name: str
    state: IssueState | None = None
    finders: frozenset[str] = frozenset()
    changed: bool = False
    """Its line was rewritten, still wrong, since it was last found."""
    edits: int = 0
    home: File | None = None

    @property
    def bad(self) -> str:
        extra = f", {self.edits}" if self.edits else ""
        return f"    {self.name} = load_{self.name}(request{extra})"

    @property
    def good(self) -> str:
        return f"    {self.name} = fetch_checked(session, timeout=30)"


@dataclass(eq=False)
class Line:
    text: str
    mistake: Mistake | None = None


@dataclass(eq=False)
class File:
    """``blocks`` are functions; ``own``: it is no part of the base."""

    path: str
    blocks: list[list[Line]]
    own: bool = False

    def lines(self) -> list[Line]:
        return [line for block in self.blocks for line in block]


@dataclass
class Score:
    """What a history came to."""

    states: int = 0
    right: int = 0
    found: int = 0
    kept: int = 0
    anchors: int = 0
    valid: int = 0
    exact: int = 0
    """Anchors that stand on the wrong line itself."""
    reused: int = 0
    split: int = 0
    mixed: int = 0
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, other: Score) -> None:
        for name in (f.name for f in fields(self) if f.name != "wrong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong


def words() -> list[tuple[str, ...]]:
    """Texts about one problem, for each of many problems."""
    same: dict[tuple[str, int], list[str]] = defaultdict(list)
    for line in WORDS.read_text("utf-8").splitlines():
        row = json.loads(line)
        same[row["pr"], row["label"]].append(row["text"])
    return [tuple(dict.fromkeys(texts)) for texts in same.values()]


class History:
    """One pull request; `step` is one push and its review."""

    def __init__(self, seed: int) -> None:
        self.rnd = random.Random(seed)  # noqa: S311  # the same history every time
        self.words = words()
        self.rnd.shuffle(self.words)
        self.mistakes: list[Mistake] = []
        self.files = [
            File(f"src/part{n}.py", [self._neutral() for _ in range(4)]) for n in range(3)
        ]
        self.base = self._tree()
        self.heads: dict[str, Tree] = {}
        self.store: dict[str, KnownIssue] = {}
        self.ids: dict[str, Mistake] = {}
        self.first: dict[Mistake, str] = {}
        self.pushes = 0
        self.diff = compare(self.base, self.base)
        """What the review that was made last was about."""
        self.score = Score()

    def play(self, steps: int) -> Score:
        for _ in range(steps):
            self.step()
        return self.score

    # ----------------------------------------------------------------------------- the author

    def step(self) -> None:
        acts = (
            self._break, self._fix, self._fix, self._break_again, self._rewrite, self._insert,
            self._insert_many, self._delete, self._move, self._rename, self._comment, self._rebase,
            self._drop_file, self._nothing,
        )  # fmt: skip
        for _ in range(self.rnd.randint(1, 3)):
            self.rnd.choice(acts)()
        if not self.mistakes:
            self._break()
        self._people()
        self._review()

    def _neutral(self) -> list[Line]:
        n = self.rnd.randrange(10**6)
        body = [f"    step_{n}_{k} = value_{n} + {k}" for k in range(self.rnd.randint(2, 5))]
        texts = [f"def task_{n}(value_{n}):", *body, f"    return value_{n}", ""]
        return [Line(text) for text in texts]

    def _holding(self, mistake: Mistake) -> list[Line]:
        block = self._neutral()
        if self.rnd.random() < 0.3:  # a twin: the same line without the mistake being known
            mistake.name = self.rnd.choice(("payload", "cursor", "member"))
        block.insert(2, Line(mistake.bad, mistake))
        return block

    def _file(self) -> File:
        return self.rnd.choice(self.files)

    def _alive(self) -> list[tuple[File, list[Line], Line]]:
        return [
            (file, block, line)
            for file in self.files
            for block in file.blocks
            for line in block
            if line.mistake is not None and line.text == line.mistake.bad
        ]

    def _put(self, file: File, block: list[Line]) -> None:
        file.blocks.insert(self.rnd.randint(0, len(file.blocks)), block)
        for line in block:
            if line.mistake is not None:
                line.mistake.home = file

    def _break(self) -> None:
        if len(self._alive()) < MOST and len(self.mistakes) < len(self.words):
            n = len(self.mistakes)
            mistake = Mistake(number=n, texts=self.words[n], name=f"item_{n}")
            self.mistakes.append(mistake)
            self._put(self._file(), self._holding(mistake))

    def _fix(self) -> None:
        alive = self._alive()
        if alive:
            _file, block, line = self.rnd.choice(alive)
            if self.rnd.random() < 0.25:
                block.remove(line)
            else:
                line.text = line.mistake.good  # type: ignore[union-attr]

    def _break_again(self) -> None:
        alive = {line.mistake for _file, _block, line in self._alive()}
        gone = [m for m in self.mistakes if m not in alive]
        if gone and len(alive) < MOST:
            mistake = self.rnd.choice(gone)
            for file in self.files:
                for line in file.lines():
                    if line.mistake is mistake:
                        line.text = mistake.bad
                        return
            block = self._neutral()
            block.insert(2, Line(mistake.bad, mistake))
            same = [file for file in self.files if file is mistake.home]
            self._put(same[0] if same else self._file(), block)

    def _rewrite(self) -> None:
        alive = self._alive()
        if alive:
            _file, _block, line = self.rnd.choice(alive)
            mistake = line.mistake
            assert mistake is not None
            mistake.edits += 1
            mistake.changed = True
            line.text = mistake.bad

    def _insert(self) -> None:
        self._put(self._file(), self._neutral())

    def _insert_many(self) -> None:
        self._file().blocks.insert(0, [Line(f"CONSTANT_{n} = {n}") for n in range(200)])

    def _delete(self) -> None:
        file = self._file()
        if len(file.blocks) > 2:
            file.blocks.remove(self.rnd.choice(file.blocks))

    def _move(self) -> None:
        file = self._file()
        if len(file.blocks) > 2:
            block = self.rnd.choice(file.blocks)
            file.blocks.remove(block)
            self._put(self._file(), block)

    def _rename(self) -> None:
        file = self._file()
        file.path = f"src/renamed{self.rnd.randrange(10**6)}.py"

    def _comment(self) -> None:
        block = self.rnd.choice(self._file().blocks)
        block.insert(self.rnd.randint(0, len(block)), Line(f"    # note {self.rnd.random()}"))

    def _drop_file(self) -> None:
        """A file of this pull request alone comes, or goes again."""
        own = [file for file in self.files if file.own]
        if own and self.rnd.random() < 0.5:
            self.files.remove(self.rnd.choice(own))
        elif len(own) < 2:
            blocks = [self._neutral() for _ in range(3)]
            self.files.append(File(f"src/own{self.rnd.randrange(10**6)}.py", blocks, own=True))

    def _rebase(self) -> None:
        """The base moves on, in a file that is not ours; earlier heads may be gone afterwards."""
        n = self.rnd.randrange(10**6)
        self.base[f"other/base{n}.py"] = f"value = {n}\n"
        if self.rnd.random() < GONE:
            self.heads.clear()

    def _nothing(self) -> None:
        """A push of the same files, as when only a message changes."""

    def _people(self) -> None:
        known = [m for m in self.mistakes if m in self.first and m.state is not None]
        if not known or self.rnd.random() > 0.08:
            return
        mistake = self.rnd.choice(known)
        act = Act.RESTORED if mistake.state not in OPEN else Act.DISMISSED
        self._set(mistake, after(mistake.state, act))

    def _set(self, mistake: Mistake, state: IssueState) -> None:
        mistake.state = state
        name = self.first[mistake]
        self.store[name] = replace(self.store[name], state=state)

    # ----------------------------------------------------------------------------- the review

    def _tree(self) -> Tree:
        return {f.path: "".join(f"{line.text}\n" for line in f.lines()) for f in self.files}

    def _review(self) -> None:
        self.pushes += 1
        head = f"{self.pushes:040x}"
        tree = self._tree()
        rest = {path: text for path, text in self.base.items() if path.startswith("other/")}
        whole = {**rest, **tree}
        self.diff = diff = compare(self.base, whole, new=head)
        reports, truth = self._reports()
        change = Change(
            diff=diff,
            workspace=Workspace(tree=Path("/none"), git_dir=Path("/none"), diff_file=Path("/none")),
            head_sha=head,
            base_sha="b" * 40,
            known=tuple(self.store.values()),
            since={
                old: compare(self.heads[old], whole, old=old, new=head)
                for old in {k.head_sha for k in self.store.values()} & set(self.heads)
            },
        )
        findings = [finding for one in reports for finding in one.findings]
        lines = {path: tuple(text.split("\n")) for path, text in whole.items()}
        result = settle(change, reports, findings, lines, frozenset())
        self._judge(result, reports, truth, diff, lines)
        self._save(result, head)
        self.heads[head] = whole
        self._compare()

    def _reports(self) -> tuple[tuple[AgentReport, ...], dict[Finding, Mistake]]:
        truth: dict[Finding, Mistake] = {}
        reports = []
        for agent in AGENTS:
            if self.rnd.random() < FAILS:
                reports.append(report(agent, ReportState.FAILED, kind="crashed"))
                continue
            mine = [f for f in self._findings(agent, truth) if self.rnd.random() >= MISSES]
            reports.append(report(agent, ReportState.FINISHED, *mine))
        return tuple(reports), truth

    def _findings(self, agent: str, truth: dict[Finding, Mistake]) -> list[Finding]:
        found = []
        for file in self.files:
            for number, line in enumerate(file.lines(), start=1):
                mistake = line.mistake
                if mistake is None or line.text != mistake.bad:
                    continue
                if (mistake.number + AGENTS.index(agent)) % len(AGENTS) == 0:
                    continue  # not everybody sees everything
                finding = Finding(
                    agent=agent,
                    severity=Severity.MAJOR,
                    file=file.path,
                    line=number,
                    description=self.rnd.choice(mistake.texts),
                )
                truth[finding] = mistake
                found.append(finding)
        return found

    # ------------------------------------------------------------------------------ the truth

    def _judge(
        self,
        result: ReviewResult,
        reports: tuple[AgentReport, ...],
        truth: dict[Finding, Mistake],
        diff: Diff,
        lines: dict[str, tuple[str, ...]],
    ) -> None:
        today: dict[Mistake, set[str]] = defaultdict(set)
        agents: dict[Mistake, set[str]] = defaultdict(set)
        for issue in result.issues:
            counts = Counter(truth[source] for source in issue.sources)
            # Two mistakes that the merge took for one are its error; the id is the older one's.
            self.score.mixed += len(counts) > 1
            mistake = min(counts, key=lambda m: (m is not self.ids.get(issue.id), -counts[m]))
            self.score.reused += self.ids.setdefault(issue.id, mistake) is not mistake
            if mistake not in self.first:
                self.first[mistake] = issue.id
            today[mistake].add(issue.id)
            if issue.id == self.first[mistake]:
                agents[mistake] |= set(issue.agents)
            self.score.anchors += 1
            self.score.valid += valid(issue, diff)
            self.score.exact += any(_reads(issue, one, lines) for one in counts)
        self.score.split += sum(len(ids) - 1 for ids in today.values())
        finished = {r.agent for r in reports if r.state is ReportState.FINISHED}
        for mistake in self.mistakes:
            if mistake in today:
                self.score.found += 1
                self.score.kept += self.first[mistake] in today[mistake]
                act = Act.CHANGED if mistake.changed else Act.FOUND
                mistake.state = after(mistake.state, act)
                mistake.changed = False
                mistake.finders = frozenset(agents[mistake]) or mistake.finders
            elif mistake.state in OPEN and not self._there(mistake):
                if not self._in_diff(mistake, diff):
                    mistake.state = after(mistake.state, Act.LEFT)
                elif mistake.finders <= finished:
                    mistake.state = after(mistake.state, Act.FIXED)

    def _there(self, mistake: Mistake) -> bool:
        return any(line.mistake is mistake for _file, _block, line in self._alive())

    def _in_diff(self, mistake: Mistake, diff: Diff) -> bool:
        """Its file, under the name that it has now."""
        home = mistake.home
        return home in self.files and home is not None and diff.file(home.path) is not None

    def _save(self, result: ReviewResult, head: str) -> None:
        for issue in result.issues:
            self.store[issue.id] = KnownIssue(
                id=issue.id, state=issue.state, severity=issue.severity, title=issue.title,
                description=issue.description, file=issue.file, line=issue.line,
                end_line=issue.end_line, side=issue.side, code=issue.code, agents=issue.agents,
                head_sha=head, posted=True,
                in_diff=issue.anchor.placement is not Placement.SUMMARY,
            )  # fmt: skip
        for closing in result.closed:
            name = closing.issue.id
            self.store[name] = replace(self.store[name], state=closing.state)

    def _compare(self) -> None:
        for mistake, name in self.first.items():
            believed, true = self.store[name].state, mistake.state
            self.score.states += 1
            self.score.right += believed is true
            if believed is not true:
                self.score.wrong[f"{believed.value}, not {true.value if true else 'unknown'}"] += 1


def valid(issue: Issue, diff: Diff) -> bool:
    """Whether GitHub would take the comment."""
    place = issue.anchor
    file = diff.file(place.path)
    if place.placement is Placement.SUMMARY:
        return file is None
    if file is None or place.placement is Placement.FILE:
        return file is not None
    shown = file.lines(place.side)
    return place.line in shown and (place.start_line or place.line) in shown


def _reads(issue: Issue, mistake: Mistake, lines: dict[str, tuple[str, ...]]) -> bool:
    """Whether the line that it names is the wrong one."""
    return issue.line is not None and lines[issue.file][issue.line - 1] == mistake.bad
