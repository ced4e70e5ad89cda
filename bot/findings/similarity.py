"""How alike two texts about code are: TF-IDF over words, identifiers and parts of identifiers.

Measured on labelled findings of several tools, this is level with sentence embeddings and needs
nothing but the standard library. The weights of rare terms come from the texts at hand, so what
everybody mentions counts little.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

Vector = Mapping[str, float]

_WORD = re.compile(r"[^\W\d_]{2,}")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w]*(?:(?:\.|::|->|/)[A-Za-z_]\w*)*(?:\(\))?")
_CODE = re.compile(r"_|\.|::|->|\(\)$|[a-z0-9][A-Z]")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+|\d+")
_SUFFIXES = ("ations", "ation", "ingly", "ments", "ment", "ings", "ing", "ies", "edly", "ed",
             "ers", "er", "es", "ly", "s", "e")  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STOP = _words(
    """a about all also am an and any are as at be because been being but by can could did do does
    for from had has have he if in into is it its just me more no nor not of on only or other our
    out she should so some such than that the their them then there these they this those to too
    up us use used uses using was we were when where which while who will with would you your
    code file files issue issues line lines"""
)
_COMMONPLACE = _words(
    """across actual add affect after allow already always appear around avoid aware based before
    behavior between both break bug call case cause change check class consider contain correct
    create current currently default detected different due during each either else ensure error
    even every exist existing expect fail failure first found function get give handle however
    identified implement improve include incorrect instead intend introduce issue kind lack lead
    leave like likely logic make mean method might miss missing multiple must need never new next
    now occur once one otherwise per place possible possibly potential potentially present prevent
    problem produce proper properly provide rather remain remove require result return risk run
    same second see set several since still suggest sure take thing though time type unexpected
    until update upon value via way whenever whether without work wrong"""
)
COMMONPLACE_WEIGHT = 0.4
"""What every reviewer says about everything hardly tells what a finding is about. In a large pool
the rarity of words shows that; a panel's few findings need to be told."""

SAME_TERMS = 0.99
"""From here on two texts have the same words, and their order is looked at."""
MAX_CHARACTERS = 4_000
"""What counts of a long text; the beginning says what it is about."""


def terms(text: str) -> Counter[str]:
    """Weighted terms of one text: ``w:`` word stems, ``i:`` whole identifiers, ``p:`` parts."""
    text = text[:MAX_CHARACTERS]
    counted: Counter[str] = Counter()
    for match in _IDENTIFIER.finditer(text):
        name = match[0].removesuffix("()")
        if _is_code(match[0]):
            counted["i:" + name.lower()] += 1
            last = re.split(r"\.|::|->|/", name)[-1]
            if last != name:
                counted["i:" + last.lower()] += 1
            for part in _PART.findall(name):
                if len(part) > 1:
                    counted["p:" + stem(part.lower())] += 1
    for word in _WORD.findall(text):
        lower = word.lower()
        if lower not in _STOP:
            counted["w:" + stem(lower)] += 1
    return counted


def _is_code(token: str) -> bool:
    """Whether it is spelled as no plain word is."""
    return _CODE.search(token) is not None


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Cuts common English endings; what is left keeps at least three letters."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


_DULL = frozenset("w:" + stem(word) for word in _COMMONPLACE)


def vectors(texts: Sequence[str]) -> list[dict[str, float]]:
    """One vector of length 1 for each text; terms of all texts at hand weigh least."""
    counted = [terms(text) for text in texts]
    # A template that an analyzer repeats on twenty lines is one text.
    distinct = dict(zip(texts, counted, strict=True))
    documents: Counter[str] = Counter()
    for counts in distinct.values():
        documents.update(counts.keys())
    total = len(distinct)
    rarity = {
        term: math.log(1 + total / n) * (COMMONPLACE_WEIGHT if term in _DULL else 1.0)
        for term, n in documents.items()
    }
    return [_unit({t: (1 + math.log(n)) * rarity[t] for t, n in c.items()}) for c in counted]


def _unit(vector: dict[str, float]) -> dict[str, float]:
    # Sorted, so that the sums are the same whatever order the terms came in.
    length = math.sqrt(math.fsum(w * w for w in vector.values()))
    return {term: vector[term] / length for term in sorted(vector)} if length else {}


def cosine(a: Vector, b: Vector) -> float:
    """0 for nothing in common, 1 for the same terms."""
    if len(b) < len(a):
        a, b = b, a
    return math.fsum(weight * b[term] for term, weight in a.items() if term in b)


def reordered(one: str, other: str) -> bool:
    """The same words in another order say something else: which call comes before which."""
    words, others = one.lower().split(), other.lower().split()
    return words != others and Counter(words) == Counter(others)


def all_pairs(items: Sequence[Vector]) -> list[dict[int, float]]:
    """For each item its similarity to the later ones that share a term with it."""
    holders: dict[str, list[tuple[int, float]]] = {}
    similar: list[dict[int, float]] = [{} for _ in items]
    for index, vector in enumerate(items):
        for term, weight in vector.items():
            for other, its_weight in holders.get(term, ()):
                row = similar[other]
                row[index] = row.get(index, 0.0) + weight * its_weight
            holders.setdefault(term, []).append((index, weight))
    return similar
