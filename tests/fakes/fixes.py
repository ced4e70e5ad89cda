"""Small programs with one issue each, pushes that fix it, and pushes that do not.

Several mistakes in several languages; each is written in several files with other names and other
code around, and every kind of push is tried on every file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.fakes.trees import Tree


@dataclass(frozen=True, kw_only=True)
class Template:
    """``$a`` and ``$b`` are names. ``bad`` is the issue's line in ``body``."""

    path: str
    title: str
    description: str
    body: str
    bad: str
    fixes: tuple[tuple[str, str], ...]
    """(what, the text that comes instead of the bad line; ``{bad}`` is the line itself)."""
    misses: tuple[tuple[str, str], ...] = ()
    """The same for changes that fix nothing."""
    comment: str = "#"
    helper: tuple[str, str, str, str] = ("", "", "", "")
    """A file that the line calls into: path, text, and a text in it and what fixes it."""


@dataclass(frozen=True, kw_only=True)
class Push:
    """One push; ``fixes``: whether the issue is gone after it."""

    name: str
    before: Tree
    after: Tree
    path: str
    line: int
    code: str
    title: str
    description: str
    fixes: bool


TEMPLATES = (
    Template(
        path="src/users.py",
        title="SQL injection",
        description="`$a` is put into the text of the query; a caller can run any SQL",
        body="import db\n\n\ndef helper(x):\n    return x + 1\n\n\ndef find_$a($a, limit):\n"
        "    conn = db.connect()\n@\n    rows = conn.run($b)\n    return rows[:limit]\n\n\n"
        "def tail(y):\n    z = y * 2\n    return z\n",
        bad='    $b = f"SELECT * FROM t WHERE k = {$a}"',
        fixes=(
            ("parameters", '    $b = ("SELECT * FROM t WHERE k = ?", ($a,))'),
            ("a check before", "    if not $a.isdigit():\n        raise ValueError($a)\n{bad}"),
            ("another value before", "    $a = int($a)\n{bad}"),
        ),
        misses=(
            ("more interpolation", '    $b = f"SELECT * FROM t WHERE k = {$a} AND n = {limit}"'),
            ("a second such line", '{bad}\n    $b += f" LIMIT {limit}"'),
            ("a log", '    log.info("finding %s", $a)\n{bad}'),
        ),
    ),
    Template(
        path="lib/cart.js",
        title="Crash on an empty cart",
        description="`$a.items` is read though `$a` may be undefined",
        body="const tax = 0.2;\n\nfunction helper(x) {\n  return x + 1;\n}\n\n"
        "function $bTotal($a) {\n  let sum = 0;\n@\n    sum += item.price;\n  }\n"
        "  return sum;\n}\n\nfunction tail(y) {\n  return y * 2;\n}\n",
        bad="  for (const item of $a.items) {",
        fixes=(
            ("optional chaining", "  for (const item of $a?.items ?? []) {"),
            ("an early return", "  if (!$a) {\n    return 0;\n  }\n{bad}"),
            ("a default", "  $a = $a || { items: [] };\n{bad}"),
        ),
        misses=(
            ("a log", "  console.log('cart', $a);\n{bad}"),
            ("another counter", "  let extra = 0;\n{bad}"),
        ),
        comment="//",
    ),
    Template(
        path="pkg/store.go",
        title="Error ignored",
        description="the error of `$a.Close` is dropped, so a failed flush goes unseen",
        body="package pkg\n\nfunc helper(x int) int {\n\treturn x + 1\n}\n\n"
        "func Write$b(name string, data []byte) error {\n\t$a, err := os.Create(name)\n"
        "\tif err != nil {\n\t\treturn err\n\t}\n\t_, err = $a.Write(data)\n@\n\treturn err\n}\n\n"
        "func tail(y int) int {\n\treturn y * 2\n}\n",
        bad="\t$a.Close()",
        fixes=(
            ("checked", "\tif cerr := $a.Close(); err == nil {\n\t\terr = cerr\n\t}"),
            ("joined", "\terr = errors.Join(err, $a.Close())"),
        ),
        misses=(("a print", '\tfmt.Println("closing", $a)\n{bad}'),),
        comment="//",
    ),
    Template(
        path="app/Pay.java",
        title="Comparison of strings by reference",
        description="`$a == $b` compares objects; equal texts are told to differ",
        body="class Pay {\n    int helper(int x) {\n        return x + 1;\n    }\n\n"
        "    boolean same(String $a, String $b) {\n        count++;\n@\n            return true;\n"
        "        }\n        return false;\n    }\n\n    int tail(int y) {\n        return y * 2;\n"
        "    }\n}\n",
        bad="        if ($a == $b) {",
        fixes=(
            ("equals", "        if ($a.equals($b)) {"),
            ("Objects", "        if (Objects.equals($a, $b)) {"),
        ),
        misses=(("a log", '        logger.debug("same {}", $a);\n{bad}'),),
        comment="//",
    ),
    Template(
        path="core/ring.c",
        title="Write past the end",
        description="`$a[n]` is written for n equal to `$b`",
        body="#include <stdio.h>\n\nint helper(int x) {\n    return x + 1;\n}\n\n"
        "void fill(int *$a, int $b) {\n    int n;\n@\n        $a[n] = 0;\n    }\n}\n\n"
        "int tail(int y) {\n    return y * 2;\n}\n",
        bad="    for (n = 0; n <= $b; n++) {",
        fixes=(
            ("less", "    for (n = 0; n < $b; n++) {"),
            ("minus one", "    for (n = 0; n <= $b - 1; n++) {"),
        ),
        misses=(("a print", '    printf("filling %d", $b);\n{bad}'),),
        comment="//",
    ),
    Template(
        path="jobs/sync.rb",
        title="Every error is swallowed",
        description="a bare rescue hides failures of `$a`",
        body="def helper(x)\n  x + 1\nend\n\ndef run_$b($a)\n  count = 0\n  begin\n"
        "    $a.call\n@\n    nil\n  end\n  count\nend\n\ndef tail(y)\n  y * 2\nend\n",
        bad="  rescue => error_of_$a",
        fixes=(("narrowed", "  rescue Timeout::Error => error_of_$a\n    retry"),),
        misses=(("a puts", "{bad}\n    puts error_of_$a"),),
    ),
    Template(
        path="web/view.ts",
        title="Unescaped HTML",
        description="`$a` from the request is written into the page as it is",
        body='import { $b } from "./escape";\n\n'
        "function helper(x: number) {\n  return x + 1;\n}\n\n"
        "export function render($a: string) {\n  const page = start();\n@\n  return page;\n}\n\n"
        "function tail(y: number) {\n  return y * 2;\n}\n",
        bad="  page.innerHTML = $b($a);",
        fixes=(
            ("as text", "  page.textContent = $a;"),
            ("sanitised before", "  $a = DOMPurify.sanitize($a);\n{bad}"),
        ),
        misses=(("a log", "  console.debug($a);\n{bad}"),),
        comment="//",
        helper=(
            "web/escape.ts",
            "export function other(z: string) {\n  return z.length;\n}\n\n"
            "export function $b(text: string) {\n  return text;\n}\n",
            "  return text;\n}\n",
            '  return text.replace(/</g, "&lt;");\n}\n',
        ),
    ),
    Template(
        path="src/lib.rs",
        title="Panics on bad input",
        description="`unwrap` of what `$a` holds ends the process",
        body="fn helper(x: i32) -> i32 {\n    x + 1\n}\n\n"
        "pub fn parse_$b($a: &str) -> Option<i32> {\n    let base = 10;\n@\n"
        "    Some(value + base)\n}\n\nfn tail(y: i32) -> i32 {\n    y * 2\n}\n",
        bad="    let value: i32 = $a.trim().parse().unwrap();",
        fixes=(
            ("question mark", "    let value: i32 = $a.trim().parse().ok()?;"),
            ("a check before", "    if $a.trim().is_empty() {\n        return None;\n    }\n{bad}"),
        ),
        misses=(("a print", '    println!("parsing {}", $a);\n{bad}'),),
        comment="//",
    ),
)
NAMES = (("user_id", "query"), ("account", "handle"), ("token", "inner"))


def pushes() -> Iterator[Push]:
    """Every push on every template, with every pair of names."""
    for template in TEMPLATES:
        for a, b in NAMES:
            yield from _of(template, a, b)


def _of(template: Template, a: str, b: str) -> Iterator[Push]:
    def named(text: str) -> str:
        return text.replace("$a", a).replace("$b", b)

    path, bad = template.path, named(template.bad)
    body = named(template.body)
    source = body.replace("@", bad)
    helper, content, flaw, mended = (named(text) for text in template.helper)
    before = {path: source, "README.md": "# Demo\n", **({helper: content} if helper else {})}
    line = body.split("\n").index("@") + 1

    def push(name: str, after: Tree, *, fixes: bool) -> Push:
        return Push(
            name=f"{path} {a}: {name}",
            before=before,
            after=after,
            path=path,
            line=line,
            code=bad,
            title=named(template.title),
            description=named(template.description),
            fixes=fixes,
        )

    def instead(text: str) -> Tree:
        return {**before, path: body.replace("@", named(text).replace("{bad}", bad))}

    for name, text in template.fixes:
        yield push(name, instead(text), fixes=True)
        renamed = {f"new/{path}": instead(text)[path], **before}
        del renamed[path]
        yield push(f"{name}, in a renamed file", renamed, fixes=True)
    yield push("its line removed", instead("").copy(), fixes=True)
    yield push("its file removed", {k: v for k, v in before.items() if k != path}, fixes=True)
    if helper:
        mended_there = {**before, helper: content.replace(flaw, mended)}
        beside = {**before, helper: content.replace("z.length", "z.length + 1")}
        yield push("mended in what it calls", mended_there, fixes=True)
        yield push("something else in that file", beside, fixes=False)
    for name, text in template.misses:
        yield push(name, instead(text), fixes=False)
    for name, after in _nothing(template, before, bad, a):
        yield push(name, after, fixes=False)


def _nothing(template: Template, before: Tree, bad: str, a: str) -> Iterator[tuple[str, Tree]]:
    """What fixes nothing, in any language."""
    path, mark = template.path, template.comment
    source = before[path]

    def edit(old: str, new: str, count: int = 1) -> Tree:
        return {**before, path: source.replace(old, new, count)}

    yield "a blank line", edit(bad, f"\n{bad}")
    yield "a comment", edit(bad, f"{mark} see the manual\n{bad}")
    yield "a TODO with its words", edit(bad, f"{mark} TODO: {template.title}, check {a}\n{bad}")
    yield "a comment behind the line", edit(bad, f"{bad} {mark} checked {a}")
    yield "other space", edit(bad, f"  {bad}")
    yield "the line ends of Windows", edit("\n", "\r\n", -1)
    yield "200 lines above", {**before, path: f"{mark} x\n" * 200 + source}
    yield "code above", {**before, path: "x = 1;\n" * 30 + source}
    yield "another function", edit("y * 2", "y * 3")
    yield "the function before", edit("x + 1", "x + 2")
    yield "README", {**before, "README.md": f"# Demo\n\nNow `{a}` is safe.\n"}
    yield "a new file", {**before, "notes.py": f"{a} = 1\n"}
    yield "another name", edit(a, f"{a}_value", -1)
    moved = {k: v for k, v in before.items() if k != path}
    yield "its file renamed", {**moved, f"moved/{path}": source}
    yield "nothing", dict(before)
