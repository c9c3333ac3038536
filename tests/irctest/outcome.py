"""What a run of irctest came to: read from pytest's report, told as text and as a table in Markdown."""

import datetime
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

BEGIN = "<!-- begin: scripts/irctest --document writes from here to the end mark -->"
END = "<!-- end -->"

# Some tests compare whole lists of messages.
WHY_CHARS_MAX = 240

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class Outcome:
    """Of one test. `module` is its file below server_tests: "sasl", "chmodes.ban"."""

    module: str
    name: str
    result: str
    why: str = ""


def read(report):
    """All outcomes in a report in the form of JUnit, in its order."""
    outcomes = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        found = outcome_of(case)
        known = outcomes.setdefault((found.module, found.name), found)
        # A test whose end fails, too, is told of twice.
        if found.result == FAILED and known.result != FAILED:
            outcomes[found.module, found.name] = found
    return list(outcomes.values())


def outcome_of(case):
    # irctest.server_tests.chmodes.ban.BanModeTestCase
    module, _, group = case.get("classname").removeprefix("irctest.server_tests.").rpartition(".")
    result, why = PASSED, ""
    for child in case:
        if child.tag in ("failure", "error"):
            result, why = FAILED, reason(child)
        elif child.tag == "skipped" and result == PASSED:
            result, why = SKIPPED, first_line(child.get("message"))
    return Outcome(module, f"{group}.{case.get('name')}", result, why)


def reason(failure):
    """One line: what was asserted, else what was raised."""
    lines = [line[1:].strip() for line in (failure.text or "").splitlines() if line.startswith("E ")]
    told = [line for line in lines if line not in ("", "AssertionError", "AssertionError: None")]
    return first_line(told[0] if told else failure.get("message"))


def first_line(text):
    return (text or "").strip().partition("\n")[0][:WHY_CHARS_MAX]


def failures(outcomes):
    return [it for it in outcomes if it.result == FAILED]


def by_module(outcomes):
    """(module, passed, failed, skipped) of each, by name, and of all together."""
    modules = sorted({it.module for it in outcomes})
    rows = [(name, *counts([it for it in outcomes if it.module == name])) for name in modules]
    return rows, ("all", *counts(outcomes))


def counts(outcomes):
    return [sum(it.result == result for it in outcomes) for result in (PASSED, FAILED, SKIPPED)]


def as_text(outcomes):
    rows, total = by_module(outcomes)
    head = ("module", PASSED, FAILED, SKIPPED)
    lines = [f"{row[0]:<26}{row[1]:>8}{row[2]:>8}{row[3]:>9}" for row in (head, *rows, total)]
    for result, heading in ((SKIPPED, "skipped:"), (FAILED, "failed:")):
        found = [it for it in outcomes if it.result == result]
        lines += ["", heading] if found else []
        lines += [f"  {it.module} {it.name}: {it.why}" for it in found]
    passed, failed, skipped = total[1:]
    lines += ["", f"irctest: {passed} passed, {failed} failed, {skipped} skipped of {len(outcomes)}"]
    return "\n".join(lines)


def as_list(outcomes):
    """What failed, in Markdown, by module."""
    _, (_, passed, failed, skipped) = by_module(outcomes)
    lines = [f"{now()}: {passed} passed, {failed} failed, {skipped} skipped", ""]
    lines += [f"- `{it.module}` `{it.name}`: {it.why}" for it in failures(outcomes)]
    return "\n".join(lines) + "\n"


def as_markdown(outcomes, revision):
    rows, total = by_module(outcomes)
    day = now().partition(" ")[0]
    lines = [
        f"Of {day}, irctest at revision `{revision}`: {total[1]} of {len(outcomes)} tests passed, "
        f"{total[2]} failed, {total[3]} were skipped.",
        "",
        "| Module | Passed | Failed | Skipped |",
        "|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(map(str, row))} |" for row in (*rows, total)]
    skipped = [it for it in outcomes if it.result == SKIPPED]
    lines += ["", "Skipped:", ""] if skipped else []
    lines += [f"- `{it.module}` {it.name}: {it.why}" for it in skipped]
    return "\n".join(lines)


def write_into(document, outcomes, revision):
    """Puts the table between the marks in `document`, which must have both."""
    text = document.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{document} does not have the marks {BEGIN!r} and {END!r}")
    document.write_text(f"{before}{BEGIN}\n\n{as_markdown(outcomes, revision)}\n\n{END}{after}")


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M")
