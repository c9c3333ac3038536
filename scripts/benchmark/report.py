"""The tables, as Markdown, and the place in the document where they belong."""

import statistics
import textwrap

from figures import column, complaint, good, median, number, ratio, table, times, values
from plans import PLANS
from servers import Chatd
from targets import OURS, Targets

BEGIN = "<!-- begin: scripts/bench writes from here to the end mark -->\n"
END = "<!-- end -->\n"


def put_into(path, text):
    """Replaces what is between the two marks."""
    with open(path) as file:
        document = file.read()
    before, rest = document.split(BEGIN)
    after = rest.split(END)[1]
    with open(path, "w") as file:
        file.write(before + BEGIN + "\n" + text + "\n" + END + after)


def tables(store):
    parts = [head(store), targets(store)]
    parts += [
        plan_table(plan, store) for plan in PLANS if any(r["plan"] == plan.name for r in store.runs)
    ]
    notes = store.notes
    parts += [deep(notes.get("deep")), floor(notes.get("floor")), hot_path(notes.get("hot_path"))]
    return "\n".join(part for part in parts if part)


def head(store):
    machine = store.notes.get("machine")
    if not machine:
        return ""
    servers = ", ".join(f"{name} {version}" for name, version in store.notes["servers"].items())
    loads = [run["load"] for run in store.runs]
    load = (
        f" The load average meanwhile was {statistics.median(loads):.1f} (median)." if loads else ""
    )
    return paragraph(
        f"Measured on {machine['date']} by `{store.notes['command']}` at revision "
        f"`{machine['revision']}`, on a machine with {machine['cores']} cores ({machine['cpu']}), "
        f"{machine['memory_gib']} GiB, Linux {machine['kernel']}.{load} Servers: {servers}."
    )


def targets(store):
    if not store.runs and not store.has("deep"):
        return ""
    said = {True: "yes", False: "**no**", None: "–"}
    rows = [
        (what, asked, "not measured", said[None])
        if measured is None
        else (what, asked, measured, said[bool(met)])
        for what, asked, measured, met in Targets(store).rows()
    ]
    return "### Targets\n\n" + table(("target", "at most", "measured", "met"), rows)


def plan_table(plan, store):
    first, *others = plan.columns
    labels = [(server, case.label) for server in servers_of(plan, store) for case in plan.cases]
    runs = {label: store.of(plan.name, *label) for label in labels}
    measured = [label for label in labels if good(runs[label])]
    if len(plan.cases) == 1:
        measured.sort(key=lambda label: place(plan, median(runs[label], first.path)))
    reference = (OURS, plan.cases[0].label)
    ours = median(runs.get(reference, []), first.path)
    # A column that nobody has a value for says nothing.
    others = [one for one in others if any(values(runs[label], one.path) for label in measured)]
    rows = []
    for label in measured:
        spread = values(runs[label], first.path)
        middle = median(runs[label], first.path)
        rows.append(
            (
                " ".join(label).strip(),
                len(good(runs[label])),
                f"**{number(middle)}**",
                f"{number(min(spread))}–{number(max(spread))}" if spread else "–",
                times(ratio(middle, ours)),
                *(number(column(runs[label], one)) for one in others),
            )
        )
    rows += floor_rows(plan, store, ours, len(others))
    than = "x ours" if len(plan.cases) == 1 else f"x {plan.cases[0].label}"
    titles = ("server", "n", first.title, "spread", than, *(one.title for one in others))
    text = f"### {plan.name}\n\n" + paragraph(plan.what + how(runs)) + skipped(runs)
    if measured:
        text += "\n" + table(titles, rows)
    text += mishaps(runs)
    if good(runs.get(reference, [])):
        # Of a rival only the protocol and the concurrency differ.
        text += f"\n```sh\n{daemons(plan)}{command(runs[reference])}\n```\n"
    return text


def place(plan, figure):
    """The best first, those without a figure last."""
    if figure is None:
        return float("inf")
    return -figure if plan.more_is_better else figure


def servers_of(plan, store):
    """Ours first, then the others as they come."""
    found = dict.fromkeys(run["server"] for run in store.runs if run["plan"] == plan.name)
    return sorted(found, key=lambda server: server != OURS)


def floor_rows(plan, store, ours, blanks):
    """The bare loop of system calls with the same batch, as rows of a plan's table."""
    found = [
        one
        for one in store.notes.get("floor", [])
        if (one["sockets"], one["lines"]) == plan.floor and one["way"] == "send"
    ]
    return [
        (
            f"bare send, {one['line_bytes']} bytes a line",
            one["n"],
            number(one["ns_per_delivery"]),
            f"{number(one['least'])}–{number(one['most'])}",
            times(ratio(one["ns_per_delivery"], ours)),
            *["–"] * blanks,
        )
        for one in found
    ]


def how(runs):
    measured = [run for those in runs.values() for run in those if "result" in run]
    if measured and all(run["real_time"] for run in measured):
        return " Server and tool ran at real-time priority (`chrt --fifo 10`)."
    return ""


def skipped(runs):
    """What a server refused to do, once for each row."""
    lines = []
    for label, those in runs.items():
        refused = [run["skipped"] for run in those if "skipped" in run]
        if refused and not good(those):
            lines.append(
                "\n" + paragraph(f"Not measured: {' '.join(label).strip()}: {refused[-1]}")
            )
    return "".join(lines)


def mishaps(runs):
    """Runs that failed, and those in which not all went well, once for each row."""
    lines = []
    for label, those in runs.items():
        failed = [run["error"] for run in those if "error" in run]
        unwell = [text for text in map(complaint, good(those)) if text]
        for what, said in (("failed", failed), ("did not go well", unwell)):
            if said:
                who = " ".join(label).strip()
                text = f"{who}: {len(said)} of {len(those)} runs {what}. The first said: {said[0]}"
                lines.append("\n" + paragraph(text))
    return "".join(lines)


def daemons(plan):
    """How our daemon is set up, once for each of the plan's cases that wants something else."""
    cases = {case.settings: case.label for case in reversed(plan.cases)}
    lines = []
    for settings, label in reversed(cases.items()):
        words = [f"--set {one}" for one in Chatd.all_settings(settings, plan.keeps)]
        which = f"   # {label}" if len(cases) > 1 else ""
        lines.append(" ".join(["chatd", *words]) + which + "\n")
    return "".join(lines)


def command(runs):
    commands = next(run["commands"] for run in runs if "result" in run)
    typed = [f"chatctl {' '.join(words)} --server=127.0.0.1:12231" for words in commands]
    return " &\n".join(typed)


def deep(found):
    """A large history: how it was made, how large it is, and how long answers take."""
    if not found:
        return ""
    made, sizes, start = found["made"], found["sizes"], found["start_ms"]
    what = (
        f"A history of {made['messages']:,} messages (seed {made['seed']}), made in "
        f"{made['index_seconds']:.0f} s with its search index ({made['write_seconds']:.0f} s until all "
        "was written). One client asks one question after the other over the chat protocol, for "
        f"{found['page']} messages each; the time is until the whole answer was read. First, when nothing "
        "of it was in memory; then the same questions again."
    )
    times = ("p50 ms", "p99 ms", "most ms")
    titles = ("question", "n", *times, *(f"from the disk: {one}" for one in times), "found nothing")
    asked = [
        (
            name,
            again["n"],
            *(number(one[key]) for one in (again, first) for key in ("p50_ms", "p99_ms", "most_ms")),
            again["empty"],
        )
        for (name, again), first in zip(found["asks"].items(), found["asks_cold"].values())
    ]
    facts = [
        ("database, bytes per message", number(sizes["database"])),
        ("search index, bytes per message", number(sizes["index"])),
        ("from starting it to the first login, ms, nothing in memory", number(start["cold"])),
        ("the same, median", number(start["median"])),
        ("RSS after the start, MiB", number(found["rss_kib_started"] / 1024)),
        ("RSS after all questions, MiB", number(found["rss_kib"] / 1024)),
    ]
    return (
        "### deep\n\n"
        + paragraph(what)
        + "\n"
        + table(titles, asked)
        + "\n"
        + table(("what", "how much"), facts)
    )


def floor(found):
    if not found:
        return ""
    rows = [
        (
            one["way"],
            one["sockets"],
            one["lines"],
            one["line_bytes"],
            number(one.get("ns_per_delivery")),
            f"{number(one['least'])}–{number(one['most'])}"
            if "least" in one
            else one["unavailable"],
        )
        for one in found
    ]
    titles = ("way", "sockets", "lines a call", "bytes a line", "ns per delivery", "spread")
    return "### The floor\n\n" + table(titles, rows)


def hot_path(found):
    if not found:
        return ""
    rows = [
        (name, number(middle), f"{number(least)}–{number(most)}")
        for name, (middle, least, most) in sorted(found.items())
    ]
    return "### Before the system call\n\n" + table(("step", "ns", "95 % interval"), rows)


def paragraph(text):
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False) + "\n"
