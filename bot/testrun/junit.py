"""JUnit XML, as test frameworks write it and as the tests themselves could have forged it.

The file comes from a process that ran somebody else's code. Nothing that could grow, reach out or
nest without end gets as far as the parser: no document type, so no entities; a bounded size and
depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.parsers import expat

from junitparser import Error, Failure, JUnitXml, JUnitXmlError, Skipped, TestCase, TestSuite

from bot.testrun.tally import MAX_DETAILS, Tally, names, text

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 40
_SHOWN = 20
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def read_junit(data: bytes, *, separator: str = ".") -> Tally:
    """Counts the cases; ``separator`` joins class and name. `ValueError`: it cannot be read."""
    try:
        return _tally(_suites(data), separator)
    except (JUnitXmlError, expat.ExpatError, SyntaxError, TypeError, RecursionError) as error:
        # ElementTree's ParseError is a SyntaxError.
        raise ValueError(f"no JUnit XML: {error}") from error


def _suites(data: bytes) -> list[TestSuite]:
    if len(data) > MAX_BYTES:
        raise ValueError(f"the report is larger than {MAX_BYTES} bytes")
    # Read as UTF-8 whatever it declares: another encoding could hide what is looked for.
    document = _DECLARATION.sub("", data.decode("utf-8-sig"))
    _inspect(document)
    return list(JUnitXml.fromstring(document))


def _inspect(document: str) -> None:
    depth = 0

    def opened(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"the report nests deeper than {MAX_DEPTH} elements")

    def closed(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refused(*_rest: object) -> None:
        raise ValueError("the report has a document type")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.StartDoctypeDeclHandler = refused
    parser.Parse(document.encode(), True)


def _tally(suites: Iterable[TestSuite], separator: str) -> Tally:
    passed = failed = errors = skipped = 0
    said_failed = said_errors = entries = 0
    failing: dict[str, TestCase] = {}
    for suite in suites:
        said_failed += _said(suite, "failures")
        said_errors += _said(suite, "errors")
        for case in suite:
            kinds = {type(result) for result in case.result}
            if kinds & {Error, Failure}:
                entries += 1
                name = _name(case, separator)
                if name in failing and _file(case).endswith(".py"):
                    continue  # pytest tells of a test, and then of what came after it
                errors += Error in kinds
                failed += Error not in kinds
                failing.setdefault(name, case)
            elif Skipped in kinds:
                skipped += 1
            else:
                passed += 1
    if entries < said_failed + said_errors:
        # A suite that broke as a whole may have no case to show for it.
        failed, errors = said_failed, said_errors
    return Tally(
        passed=passed,
        failed=failed,
        errors=errors,
        skipped=skipped,
        names=names(failing),
        details="\n\n".join(_detail(*item) for item in [*failing.items()][:_SHOWN])[:MAX_DETAILS],
    )


def _detail(name: str, case: TestCase) -> str:
    said = [f"{result.message or ''}\n{result.text or ''}".strip() for result in case.result]
    return text("\n".join((name, *said)))


def _said(suite: TestSuite, count: str) -> int:
    """As it is written: junitparser puts counts of its own in place of all if one is missing."""
    return int(suite._elem.get(count) or 0)


def _name(case: TestCase, separator: str) -> str:
    name, place = case.name or "", case.classname or ""
    file = _file(case)
    if file.endswith(".py"):
        return _pytest_id(file, place, name)
    if not place or name.startswith(place):
        return name
    return f"{place}{separator}{name}"


def _file(case: TestCase) -> str:
    """Only the xunit1 family has it; junitparser does not know it."""
    return case._elem.get("file") or ""


def _pytest_id(file: str, place: str, name: str) -> str:
    """``tests/test_a.py::TestB::test_c[1]``, as pytest itself says it."""
    module = file.removesuffix(".py").replace("/", ".")
    if name == module and not place:
        return file  # it could not even be imported
    inside = place.removeprefix(module).strip(".") if place.startswith(module) else ""
    return "::".join((file, *(part for part in inside.split(".") if part), name))
