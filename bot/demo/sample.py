"""The demonstration's own repository: a small shop, and a pull request with real problems."""

from __future__ import annotations

from collections.abc import Mapping

from bot.demo.git import Content

OWNER, NAME = "acme", "bookshop"
AUTHOR = "mira"
BRANCH = "discount-rules"
TITLE = "Discount rules that marketing can edit"
BODY = """\
Marketing wants to change discounts without a release, so the rules move out of the code:

- `shop/discounts.py` reads them from `rules.yml` and applies them to an order
- `shop/report.py` mails the nightly totals
- the words helper is now called `shop/labels.py`; `shop/legacy.py` had no callers left
- CI says which pull request it builds
"""

PRICES = '''\
"""Prices in cents."""

from __future__ import annotations

from dataclasses import dataclass

VAT_PERCENT = 19


@dataclass(frozen=True)
class Line:
    title: str
    quantity: int
    cents: int


def total(lines: list[Line]) -> int:
    """What an order costs, without tax."""
    return sum(line.quantity * line.cents for line in lines)


def with_tax(cents: int) -> int:
    return cents + cents * VAT_PERCENT // 100
'''

ORDERS = '''\
"""Orders as the shop keeps them."""

from __future__ import annotations

import json
from pathlib import Path

from shop.prices import Line, total, with_tax


def load(path: Path) -> list[Line]:
    """The lines of a stored order."""
    return [Line(**item) for item in json.loads(path.read_text())]


def invoice(path: Path) -> str:
    lines = load(path)
    return f"{len(lines)} titles, {with_tax(total(lines)) / 100:.2f} EUR"
'''

ORDERS_CHANGED = '''\
"""Orders as the shop keeps them."""

from __future__ import annotations

import json
from pathlib import Path

from shop.discounts import discounted
from shop.prices import Line, total, with_tax


def load(path: Path) -> list[Line]:
    """The lines of a stored order."""
    return [Line(**item) for item in json.loads(path.read_text())]


def invoice(path: Path, rules: Path) -> str:
    lines = load(path)
    cents = discounted(total(lines), len(lines), rules)
    before = total(lines)
    return f"{len(lines)} titles, {with_tax(cents) / 100:.2f} EUR"
'''

WORDS = '''\
"""Labels that customers read."""

from __future__ import annotations


def plural(count: int, word: str) -> str:
    """``1 book``, ``2 books``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def shorten(title: str, length: int = 40) -> str:
    """Titles longer than a line end in an ellipsis."""
    return title if len(title) <= length else title[: length - 1].rstrip() + "…"


def heading(title: str) -> str:
    return title.strip().title()
'''

LABELS = WORDS.replace("def heading(title: str) -> str:", "def headline(title: str) -> str:")

LEGACY = '''\
"""The old price list; nothing uses it any more."""

PRICES = {"paperback": 1290, "hardcover": 2490}
'''

DISCOUNTS = '''\
"""Discounts that marketing keeps in a file."""

from __future__ import annotations

import os
from pathlib import Path

import yaml


def load_rules(path: Path) -> list[dict[str, str]]:
    """The rules, the first that fits wins."""
    with path.open() as file:
        return yaml.load(file, Loader=yaml.Loader)


def fits(rule: dict[str, str], cents: int, titles: int) -> bool:
    """A rule's condition is an expression, such as ``titles >= 3``."""
    return bool(eval(rule["when"]))


def discounted(cents: int, titles: int, path: Path, seen: list[str] = []) -> int:
    """The price after the first rule that fits."""
    for rule in load_rules(path):
        try:
            if fits(rule, cents, titles):
                seen.append(rule["name"])
                return cents - cents * int(rule["percent"]) // 100
        except:
            pass
    return cents
'''

REPORT = '''\
"""The nightly totals, by mail."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile

SMTP_PASSWORD = "summer-sale-2026"


def fingerprint(text: str) -> str:
    """Tells whether a report was sent already."""
    return hashlib.md5(text.encode()).hexdigest()


def send(report: str, recipient: str) -> str:
    """Hand the report to the mail program."""
    path = tempfile.mktemp(suffix=".txt")
    with open(path, "w") as file:
        file.write(report)
    subprocess.run(f"mail -s totals {recipient} < {path}", shell=True, check=True)
    return fingerprint(report)
'''

WORKFLOW = """\
name: ci
on:
  pull_request:
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - run: python -m unittest
"""

WORKFLOW_CHANGED = WORKFLOW.replace(
    "      - run: python -m unittest\n",
    '      - run: echo "Building ${{ github.event.pull_request.title }}"\n'
    "      - run: python -m unittest\n",
)

TESTS = """\
import unittest

from shop.prices import Line, total


class TotalTest(unittest.TestCase):
    def test_quantity_counts(self) -> None:
        self.assertEqual(total([Line("Emma", 2, 1290), Line("Dune", 1, 1490)]), 4070)
"""

BASE: Mapping[str, Content] = {
    "README.md": "# Bookshop\n\nThe till of a small bookshop.\n",
    "shop/__init__.py": "",
    "shop/prices.py": PRICES,
    "shop/orders.py": ORDERS,
    "shop/words.py": WORDS,
    "shop/legacy.py": LEGACY,
    "tests/test_prices.py": TESTS,
    ".github/workflows/ci.yml": WORKFLOW,
}
CHANGE: Mapping[str, Content] = {
    "shop/discounts.py": DISCOUNTS,
    "shop/report.py": REPORT,
    "shop/orders.py": ORDERS_CHANGED,
    "shop/words.py": None,
    "shop/labels.py": LABELS,
    "shop/legacy.py": None,
    ".github/workflows/ci.yml": WORKFLOW_CHANGED,
}
FIX: Mapping[str, Content] = {
    "shop/discounts.py": "\n".join(
        line for line in DISCOUNTS.splitlines() if line != "import os"
    ).replace("yaml.load(file, Loader=yaml.Loader)", "yaml.safe_load(file)")
    + "\n",
}
"""A second push that repairs two of the problems and moves the others by a line."""
