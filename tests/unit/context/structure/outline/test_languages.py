"""What each language's definitions are read as: name, place, and what they are below."""

from pathlib import Path

import pytest

from bot.context.structure.outline.languages import GRAMMARS, grammar_of
from bot.context.structure.outline.read import MAX_DEPTH, MAX_SIGNATURE, definitions
from bot.models.structure import Kind
from tests.benchmarks.bench_outline import Tally, compare, tags_of
from tests.benchmarks.oracles import of_python, of_tags

PYTHON = """\
from __future__ import annotations
import os, sys
LIMIT: int = 3
MAX = 4
lower = 5

@decorated(
    one=1,
)
async def outer(
    a: int,
    b: str = "}",
) -> None:
    def inner(): ...
    class Local:
        def method(self): pass

class Outer(Base):
    LIMIT = 3
    @property
    def name(self): return 1
    class Nested:
        def f(self): pass

if True:
    def conditional(): pass
"""
TYPESCRIPT = """\
import { a } from "./a";
export * from "./b";
export default abstract class Shape<T> extends Base implements X {
  private size = 1;
  constructor(readonly a: string) { super(); }
  abstract area(): number;
  handler = async (e: Event) => { };
  static of(x: number): Shape<number>;
}
export interface Point { x: number; dist(other: Point): number }
export enum Color { Red }
export type Alias = { a: 1 };
namespace Space { export function inside() {} }
declare function ambient(x: string): void;
export const arrow = (x: number) => x;
const obj = { key: function () {}, short() {}, "quoted-key": () => 1 };
exports.old = function () {};
Shape.prototype.grow = function grow() { function deep() {} };
"""
GO = """\
package main

import (
	"fmt"
	x "net/http"
)

const Limit = 3

type Server[T any] struct{ a int }

type Doer interface {
	Do(x int) error
}

func (s *Server[T]) Serve(a int,
	b string) error {
	return nil
}

func New() *Server[int] { return nil }
"""
RUBY = """\
require "set"
require_relative "x"
module Outer
  VERSION = "1"
  class Thing < Base
    def initialize(a, b: 1)
    end
    def self.build; end
    class << self
      def hidden?; end
    end
    alias old build
  end
end
"""
JAVA = """\
package a.b;
import java.util.List;
public class Outer<T> extends Base {
  @Override
  public <R> List<R> go(int a,
      String b) throws Exception { return null; }
  Outer() {}
  interface Inner { void call(); }
  enum Color { RED; int code() { return 1; } }
  record Pair(int a, int b) { Pair { } }
  @interface Note { String value(); }
}
"""
RUST = """\
use std::io;
const LIMIT: usize = 3;
pub struct Point<T> { x: T }
pub trait Shape { fn area(&self) -> f64; fn twice(&self) -> f64 { 2.0 } }
impl<T> Shape for Point<T> where T: Copy {
    fn area(&self) -> f64 { 1.0 }
}
mod inner { pub async fn run() {} }
macro_rules! shout { () => {} }
enum E { A }
"""
CPP = """\
#include <vector>
#define LIMIT 3
#define CALL(x) x
namespace n {
template <class T>
class A : public B {
 public:
  A();
  virtual ~A() = default;
  void f(int a) const;
  bool operator==(const A& other) const { return true; }
  operator bool() const;
  struct In { int x; };
};
enum class E { a };
}
int n::A::h(int x) { return x; }
static int *helper(void);
typedef struct { int a; } thing_t;
using Alias = int;
class Forward;
"""
EXPECTED = {
    "a.py": [
        ("outer", 7, 16, ()), ("inner", 14, 14, ("outer",)), ("Local", 15, 16, ("outer",)),
        ("method", 16, 16, ("outer", "Local")), ("Outer", 18, 23, ()),
        ("name", 20, 21, ("Outer",)), ("Nested", 22, 23, ("Outer",)),
        ("f", 23, 23, ("Outer", "Nested")), ("conditional", 26, 26, ()),
    ],
    "a.ts": [
        ("Shape", 3, 9, ()), ("constructor", 5, 5, ("Shape",)), ("area", 6, 6, ("Shape",)),
        ("handler", 7, 7, ("Shape",)), ("of", 8, 8, ("Shape",)), ("Point", 10, 10, ()),
        ("dist", 10, 10, ("Point",)), ("Color", 11, 11, ()), ("Alias", 12, 12, ()),
        ("Space", 13, 13, ()), ("inside", 13, 13, ("Space",)), ("ambient", 14, 14, ()),
        ("arrow", 15, 15, ()), ("key", 16, 16, ()), ("short", 16, 16, ()),
        ("quoted-key", 16, 16, ()), ("old", 17, 17, ()), ("grow", 18, 18, ("Shape",)),
        ("deep", 18, 18, ("Shape", "grow")),
    ],
    "a.go": [
        ("Server", 10, 10, ()), ("Doer", 12, 14, ()), ("Do", 13, 13, ("Doer",)),
        ("Serve", 16, 19, ("Server",)), ("New", 21, 21, ()),
    ],
    "a.rb": [
        ("Outer", 3, 14, ()), ("Thing", 5, 13, ("Outer",)),
        ("initialize", 6, 7, ("Outer", "Thing")), ("build", 8, 8, ("Outer", "Thing")),
        ("<< self", 9, 11, ("Outer", "Thing")), ("hidden?", 10, 10, ("Outer", "Thing", "<< self")),
        ("old", 12, 12, ("Outer", "Thing")),
    ],
    "A.java": [
        ("Outer", 3, 12, ()), ("go", 4, 6, ("Outer",)), ("Outer", 7, 7, ("Outer",)),
        ("Inner", 8, 8, ("Outer",)), ("call", 8, 8, ("Outer", "Inner")),
        ("Color", 9, 9, ("Outer",)), ("code", 9, 9, ("Outer", "Color")),
        ("Pair", 10, 10, ("Outer",)), ("Pair", 10, 10, ("Outer", "Pair")),
        ("Note", 11, 11, ("Outer",)), ("value", 11, 11, ("Outer", "Note")),
    ],
    "a.rs": [
        ("Point", 3, 3, ()), ("Shape", 4, 4, ()), ("area", 4, 4, ("Shape",)),
        ("twice", 4, 4, ("Shape",)), ("Point", 5, 7, ()), ("area", 6, 6, ("Point",)),
        ("inner", 8, 8, ()), ("run", 8, 8, ("inner",)), ("shout", 9, 9, ()), ("E", 10, 10, ()),
    ],
    "a.hpp": [
        ("CALL", 3, 3, ()), ("n", 4, 16, ()), ("A", 5, 14, ("n",)), ("A", 8, 8, ("n", "A")),
        ("~A", 9, 9, ("n", "A")), ("f", 10, 10, ("n", "A")), ("operator==", 11, 11, ("n", "A")),
        ("operator bool", 12, 12, ("n", "A")), ("In", 13, 13, ("n", "A")), ("E", 15, 15, ("n",)),
        ("h", 17, 17, ("n", "A")), ("helper", 18, 18, ()), ("thing_t", 19, 19, ()),
        ("Alias", 20, 20, ()),
    ],
}  # fmt: skip
SOURCES = dict(zip(EXPECTED, (PYTHON, TYPESCRIPT, GO, RUBY, JAVA, RUST, CPP), strict=True))


def read(path, source):
    grammar = grammar_of(path)
    assert grammar is not None
    return definitions(source.encode(), grammar)


@pytest.mark.parametrize("path", EXPECTED)
def test_every_definition_has_its_lines_and_what_it_is_below(path):
    told = [
        (d.name, d.start, d.end, d.parents)
        for d in read(path, SOURCES[path])
        if d.kind not in (Kind.IMPORT, Kind.CONSTANT)
    ]
    assert told == EXPECTED[path]


def test_imports_and_constants_at_the_top_are_read_too():
    told = [(d.kind.value, d.name) for d in read("a.py", PYTHON)][:4]
    assert told == [
        ("import", "from __future__ import annotations"),
        ("import", "import os, sys"),
        ("constant", "LIMIT"),
        ("constant", "MAX"),
    ]
    assert [d.name for d in read("a.rs", RUST) if d.kind is Kind.CONSTANT] == ["LIMIT"]
    assert [d.name for d in read("a.go", GO) if d.kind is Kind.IMPORT] == ['"fmt"', 'x "net/http"']


def test_a_signature_is_whole_and_ends_where_the_body_begins():
    by_name = {d.name: d.signature for d in read("a.py", PYTHON)}
    assert by_name["outer"] == (
        '@decorated( one=1, ) async def outer( a: int, b: str = "}", ) -> None:'
    )
    assert by_name["LIMIT"] == "LIMIT: int ="
    go = {d.name: d.signature for d in read("a.go", GO)}
    assert go["Serve"] == "func (s *Server[T]) Serve(a int, b string) error"
    rust = {d.name: d.signature for d in read("a.rs", RUST)}
    assert rust["run"] == "pub async fn run()"


def test_plain_javascript_and_c_are_read_with_grammars_of_their_own():
    assert [d.name for d in read("a.jsx", "const A = () => <b/>;\nclass C { m() {} }")] == [
        "A", "C", "m",
    ]  # fmt: skip
    assert [d.name for d in read("a.c", "int main(void) { return 0; }")] == ["main"]
    assert grammar_of("A.PY") is not None
    assert grammar_of("a.txt") is None


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
@pytest.mark.parametrize(
    "source",
    [
        b"", b"\xff\xfe\x00\x01", b"(" * 100_000, b"{" * 100_000, b"}" * 1_000, b"class " * 20_000,
        b"def f(" * 20_000, b"function a(){" * 20_000, b"x" * 1_600_000, b'"' * 9_999,
    ],
    ids=range(10),
)  # fmt: skip
def test_nothing_that_anybody_wrote_is_too_much(grammar, source):
    found = definitions(source, grammar)
    assert all(len(d.parents) <= MAX_DEPTH + 1 for d in found)
    assert all(len(d.signature) <= MAX_SIGNATURE + 1 for d in found)


@pytest.mark.parametrize("path", [path for path in EXPECTED if path != "a.py"])
def test_the_grammars_own_tags_are_all_found(path):
    grammar, tally = grammar_of(path), Tally()
    assert grammar is not None
    source = SOURCES[path].encode()
    compare(definitions(source, grammar), of_tags(source, grammar, tags_of(grammar)), path, tally)
    assert tally.wanted >= 4
    assert (tally.found, tally.misplaced, tally.lost) == (tally.wanted, 0, {})


def test_all_of_this_projects_definitions_are_found():
    tally, grammar = Tally(), grammar_of("a.py")
    assert grammar is not None
    for path in sorted(Path(__file__).parents[5].glob("bot/**/*.py")):
        source = path.read_bytes()
        compare(definitions(source, grammar), of_python(source), "python", tally)
    assert tally.wanted > 2_000
    assert (tally.found, tally.misplaced) == (tally.wanted, 0)
