"""What a framework said to people, where it left no report: only its own summary line counts.

Words such as "fail" stand in titles, ids and logs of every green suite, so nothing is looked for
but the lines with which each framework ends, whole and in its own form.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.testrun.frameworks import Framework
from bot.testrun.spoken import compiled, javascript, python, ruby
from bot.testrun.spoken.lines import Reader, lines
from bot.testrun.tally import Tally

READERS: Mapping[Framework, Reader] = {
    Framework.PYTEST: python.pytest,
    Framework.UNITTEST: python.unittest,
    Framework.JEST: javascript.jest,
    Framework.VITEST: javascript.vitest,
    Framework.MOCHA: javascript.mocha,
    Framework.GO: compiled.go,
    Framework.CARGO: compiled.cargo,
    Framework.RSPEC: ruby.rspec,
    Framework.MINITEST: ruby.minitest,
    Framework.MAVEN: compiled.maven,
    Framework.GRADLE: compiled.gradle,
}
_ALL: tuple[Reader, ...] = (*READERS.values(), javascript.node)


def read_output(text: str, framework: Framework | None = None) -> Tally | None:
    """None: no summary was found. Without a framework, whoever spoke last is heard."""
    said = lines(text)
    one = READERS.get(framework) if framework is not None else None
    spoken = [s for reader in ((one,) if one else _ALL) if (s := reader(said)) is not None]
    if not spoken:
        return None
    return max(spoken, key=lambda s: s.line).tally
