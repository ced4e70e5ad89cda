"""Who imports whom: the forms of four languages, and trees that mean harm."""

import json
import sys
import sysconfig
from pathlib import Path

import grimp
import pytest

from bot.context.structure.related.files import MAX_BYTES, Files
from bot.context.structure.related.languages import golang, javascript, python, ruby


@pytest.fixture
def laid(tmp_path):
    def lay(**files):
        return lay_files({name.replace("__", "/"): text for name, text in files.items()})

    def lay_files(files):
        for path, text in files.items():
            place = tmp_path / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return Files(tmp_path)

    return lay_files


def of(reader, files):
    return sorted(set(reader.edges(files)))


# -------------------------------------------------------------------------------------- python


def test_packages_scripts_and_tests_of_python(laid):
    files = laid(
        {
            "src/shop/__init__.py": "from shop.cart import Cart\n",
            "src/shop/cart.py": "from . import money\nfrom .money import Amount\n",
            "src/shop/money.py": "import decimal\n",
            "src/shop/api/__init__.py": "",
            "src/shop/api/views.py": "from ..cart import Cart\nimport shop.money as m\n",
            "tests/test_cart.py": "import os\nfrom shop.cart import Cart\nfrom helpers import x\n",
            "tests/helpers.py": "def f():\n    from shop import money\n",
            "run.py": "import shop.api.views, shop\n",
        }
    )
    assert of(python, files) == [
        ("run.py", "src/shop/__init__.py"),
        ("run.py", "src/shop/api/views.py"),
        ("src/shop/__init__.py", "src/shop/cart.py"),
        ("src/shop/api/views.py", "src/shop/cart.py"),
        ("src/shop/api/views.py", "src/shop/money.py"),
        ("src/shop/cart.py", "src/shop/money.py"),
        ("tests/helpers.py", "src/shop/money.py"),
        ("tests/test_cart.py", "src/shop/cart.py"),
        ("tests/test_cart.py", "tests/helpers.py"),
    ]


@pytest.mark.parametrize("name", ["aiohttp", "pydantic", "sqlalchemy"])
def test_edges_of_a_package_are_those_of_grimp(name):
    libraries = Path(sysconfig.get_path("purelib"))
    graph = grimp.build_graph(name, cache_dir=None)

    def path(module):
        base = libraries / module.replace(".", "/")
        file = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
        return file.relative_to(libraries / name).as_posix()

    theirs = {
        (path(one), path(other))
        for one in graph.modules
        for other in graph.find_modules_directly_imported_by(one)
    }
    # The package as a tree's only content would be read as loose files: it is one level below.
    mine = set()
    for one, other in python.edges(_Below(libraries, name)):
        mine.add((one.removeprefix(f"{name}/"), other.removeprefix(f"{name}/")))
    assert mine == theirs
    assert len(mine) > 100


class _Below(Files):
    """One folder of a tree, as if nothing lay beside it."""

    def __init__(self, tree, name):
        inner = Files(tree / name)
        self.tree = tree
        self.paths = frozenset(f"{name}/{path}" for path in inner.paths if path.endswith(".py"))
        self.sorted = tuple(sorted(self.paths))
        self.folders = frozenset({".", name})


def test_nothing_of_the_tree_is_imported_or_takes_the_place_of_what_we_use(laid, tmp_path):
    evil = f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit\n"
    names = ("json", "grimp", "ast", "sitecustomize", "bot", "encodings")
    files = laid(
        {f"{name}/__init__.py": evil for name in names}
        | {f"{name}/a.py": f"import {name}.b\nfrom json import a as x\n" for name in names}
        | {f"{name}/b.py": "" for name in names}
    )
    told = of(python, files)
    assert ("json/a.py", "json/b.py") in told
    assert ("bot/a.py", "json/a.py") in told
    assert not (tmp_path / "ran").exists()
    assert str(tmp_path) not in sys.path
    assert sys.modules["json"] is json


def test_a_package_with_a_broken_file_is_read_as_far_as_it_can_be(laid):
    files = laid(
        {
            "shop/__init__.py": "",
            "shop/a.py": "from shop import b\n",
            "shop/b.py": "def (:\n",
            "shop/c.py": "x = " + "(" * 5_000 + "\n",
            "shop/d.py": "import shop.a\n# \x00",
            "other/__init__.py": "import other.x\n",
            "other/x.py": "import shop.a\n",
        }
    )
    assert of(python, files) == [
        ("other/__init__.py", "other/x.py"),
        ("other/x.py", "shop/a.py"),
        ("shop/a.py", "shop/b.py"),
    ]


def test_two_packages_of_one_name_do_not_become_one(laid):
    files = laid(
        {
            "one/app/__init__.py": "", "one/app/a.py": "from app import b\n", "one/app/b.py": "",
            "two/app/__init__.py": "", "two/app/a.py": "from app import b\n", "two/app/b.py": "",
        }
    )  # fmt: skip
    assert of(python, files) == [("one/app/a.py", "one/app/b.py"), ("two/app/a.py", "two/app/b.py")]


# -------------------------------------------------------------------------------- typescript


FORMS = {
    "multi-line": 'import {\n  a,\n  b,\n} from "./b";',
    "bare": 'import "./b";',
    "re-export": 'export { a } from "./b";',
    "re-export of all": 'export * from "./b";',
    "dynamic": 'const b = await import("./b");',
    "a name that ends in .js": 'import { a } from "./b.js";',
    "require": 'const b = require("./b");',
    "import and require": 'import b = require("./b");',
    "types only": 'import type { A } from "./b";',
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_import_is_resolved(laid, form):
    files = laid({"src/a.ts": FORMS[form] + "\n", "src/b.ts": "", "src/b.css": ""})
    assert of(javascript, files) == [("src/a.ts", "src/b.ts")]


def test_data_folders_and_elements(laid):
    files = laid(
        {
            "a.tsx": 'import d from "./d.json";\nimport x from "./x";\nconst e = <b>"./no"</b>;\n',
            "d.json": "{}", "x/index.tsx": "", "b.mjs": 'export * from "./c.cjs";', "c.cjs": "",
            "e.ts": 'import { q } from "./v";', "v.d.ts": "",
        }
    )  # fmt: skip
    assert of(javascript, files) == [
        ("a.tsx", "d.json"), ("a.tsx", "x/index.tsx"), ("b.mjs", "c.cjs"), ("e.ts", "v.d.ts"),
    ]  # fmt: skip


def test_paths_of_a_configuration_and_workspaces(laid):
    files = laid(
        {
            "web/tsconfig.json": '{ // ours\n "compilerOptions": {"baseUrl": "./src",\n'
            ' "paths": {"@/*": ["./*"], "exact": ["./lib/exact.ts"],},},}',
            "web/src/a.ts": 'import "@/lib/b"; import "exact"; import "lib/c"; import "@org/ui";',
            "web/src/lib/b.ts": "", "web/src/lib/exact.ts": "", "web/src/lib/c.ts": "",
            "ui/package.json": '{"name": "@org/ui"}', "ui/src/index.ts": "",
        }
    )  # fmt: skip
    assert of(javascript, files) == [
        ("web/src/a.ts", "ui/src/index.ts"),
        ("web/src/a.ts", "web/src/lib/b.ts"),
        ("web/src/a.ts", "web/src/lib/c.ts"),
        ("web/src/a.ts", "web/src/lib/exact.ts"),
    ]


def test_names_that_are_put_together_packages_and_comments_are_no_edges(laid):
    files = laid(
        {
            "a.js": "import(`./${x}`); require('./' + b); require(b); // import './b'\n"
            "import fs from 'fs'; import '../../etc/passwd'; const s = \"import './b'\";",
            "b.js": "",
        }
    )
    assert of(javascript, files) == []


# ------------------------------------------------------------------------------------ go, ruby


def test_go_by_module_path(laid):
    files = laid(
        {
            "go.mod": "module example.com/shop // ours\n\nreplace example.com/lib => ./third/lib\n",
            "main.go": 'package main\nimport (\n\t"fmt"\n\tc "example.com/shop/cart"\n)\n',
            "cart/cart.go": 'package cart\nimport "example.com/lib/x"\n',
            "cart/more.go": "package cart\n", "cart/cart_test.go": "package cart\n",
            "third/lib/x/x.go": "package x\n",
            "tools/go.mod": "module example.com/shop/tools\n",
            "tools/gen.go": 'package main\nimport "example.com/shop"\n',
            "tools/run/run.go": 'package run\nimport "example.com/shop/tools"\n',
        }
    )  # fmt: skip
    assert of(golang, files) == [
        ("cart/cart.go", "third/lib/x/x.go"),
        ("cart/cart_test.go", "cart/cart.go"),
        ("cart/cart_test.go", "cart/more.go"),
        ("main.go", "cart/cart.go"),
        ("main.go", "cart/more.go"),
        ("tools/gen.go", "main.go"),
        ("tools/run/run.go", "tools/gen.go"),
    ]


def test_ruby_by_its_load_path(laid):
    files = laid(
        {
            "lib/shop.rb": 'require "set"\nrequire "shop/cart"\nautoload :Money, "shop/money"\n',
            "lib/shop/cart.rb": 'require_relative "money"\nrequire_relative "../../x"\n',
            "lib/shop/money.rb": 'obj.require "shop"\nrequire "shop/#{name}"\n',
            "x.rb": "", "spec/cart_spec.rb": 'require "spec_helper"\nrequire "shop"\n',
            "spec/spec_helper.rb": "",
        }
    )  # fmt: skip
    assert of(ruby, files) == [
        ("lib/shop.rb", "lib/shop/cart.rb"),
        ("lib/shop.rb", "lib/shop/money.rb"),
        ("lib/shop/cart.rb", "lib/shop/money.rb"),
        ("lib/shop/cart.rb", "x.rb"),
        ("spec/cart_spec.rb", "lib/shop.rb"),
        ("spec/cart_spec.rb", "spec/spec_helper.rb"),
    ]


# -------------------------------------------------------------------------------------- harm


@pytest.mark.parametrize(
    ("reader", "name"),
    [(python, "a.py"), (javascript, "a.ts"), (golang, "a.go"), (ruby, "a.rb")],
    ids=["python", "typescript", "go", "ruby"],
)
@pytest.mark.parametrize("text", ["(" * 100_000, "\x00\x01", "[" * 50_000 + '"./b"', "'" * 999])
def test_no_file_is_too_much(laid, reader, name, text):
    assert of(reader, laid({name: text, "b.ts": ""})) == []


def test_links_and_huge_files_are_not_read(laid, tmp_path):
    outside = tmp_path.parent / "outside.py"
    outside.write_text("x = 1\n")
    (tmp_path / "link.py").symlink_to(outside)
    (tmp_path / "folder").symlink_to(tmp_path.parent, target_is_directory=True)
    files = laid({"a.py": "import link\nimport folder.outside\n", "b.py": "#" * (MAX_BYTES + 1)})
    assert "link.py" not in files.paths
    assert files.read("b.py") == b""
    assert files.read("../outside.py") == b""
    assert of(python, files) == []
