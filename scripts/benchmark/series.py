"""The runs: which server meets which plan when, a fresh server and a bounded run of the tool each
time, and the file that keeps what came of it."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time

import machine
import servers as server_kinds
from cost import Bill
from figures import complaint
from plans import value


class Store:
    """One JSON object per line. What is there already is not measured again."""

    def __init__(self, path):
        self.path = path
        self.runs = []
        self.notes = {}
        if os.path.exists(path):
            with open(path) as file:
                for line in file:
                    self.take(json.loads(line))

    def take(self, record):
        if "plan" in record:
            self.runs.append(record)
        else:
            self.notes.update(record)

    def keep(self, record):
        self.take(record)
        with open(self.path, "a") as file:
            file.write(json.dumps(record) + "\n")

    def note(self, **facts):
        self.keep(facts)

    def has(self, fact):
        return fact in self.notes

    def of(self, plan, server, case):
        """All runs of one row."""
        key = (plan, server, case)
        return [run for run in self.runs if (run["plan"], run["server"], run["case"]) == key]

    def revisions(self):
        """What the runs were made with."""
        noted = self.notes.get("machine", {}).get("revision")
        found = {run.get("revision", noted) for run in self.runs} | {noted}
        return found - {None}


def rows_of(plan, servers):
    """What a plan measures: which server, and which of its cases."""
    return [
        (server, case)
        for server in servers
        if server.protocol in plan.protocols
        for case in plan.cases
    ]


def missing(store, plans, servers, reps):
    """What a whole series has and this one has not, in words; None where it is whole."""
    for fact in ("machine", "floor", "hot_path", "deep"):
        if not store.has(fact):
            return f"it has no {fact}"
    words = store.notes["command"].split()
    for part in ("--only", "--rivals"):
        if part in words:
            return f"it was made with {part}"
    for plan in plans:
        for server, case in rows_of(plan, servers):
            done = store.of(plan.name, server.name, case.label)
            if len(done) < reps and not any("skipped" in run for run in done):
                who = f"{server.name} {case.label}".strip()
                return f"{plan.name} has {len(done)} runs of {who}, not {reps}"
    return None


def run(plans, servers, chatctl, store, options):
    """Runs everything that is missing. Returns a line for each run in which our daemon did something
    wrong, or that broke."""
    runner = Runner(chatctl, store, options)
    for plan in plans:
        rows = rows_of(plan, servers)
        for repetition in range(options.reps):
            # One further on each time, so that nobody is always the first after a pause.
            turn = repetition % max(len(rows), 1)
            for server, case in rows[turn:] + rows[:turn]:
                runner.once(plan, server, case, repetition)
    return runner.harm


class Runner:
    def __init__(self, chatctl, store, options):
        self.chatctl, self.store, self.options = chatctl, store, options
        self.ports = 0
        self.harm = []
        self.first = machine.ahead_of_all()

    def once(self, plan, server, case, repetition):
        """One run, unless the store has it."""
        done = self.store.of(plan.name, server.name, case.label)
        if len(done) > repetition or any("skipped" in run for run in done):
            return
        record = {"plan": plan.name, "server": server.name, "case": case.label}
        record["revision"] = self.store.notes["machine"]["revision"]
        record["real_time"] = bool(plan.real_time and self.first)
        try:
            record["result"] = self.measure(plan, server, case)
            record["commands"] = [tool_arguments(plan, server, case)]
            if plan.beside:
                record["commands"].insert(0, beside_arguments(plan, server))
        except server_kinds.Refused as error:
            record["skipped"] = str(error)
        except server_kinds.NotStarted as error:
            record["error"] = f"did not start: {error}"
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            record["error"] = explain(error)
        record["load"] = os.getloadavg()[0]
        self.tell(plan, server, case, repetition, record)
        self.store.keep(record)
        self.judge(plan, server, case, record)

    def measure(self, plan, server, case):
        first = [*machine.dies_with_us(), *(self.first if plan.real_time else [])]
        place = self.options.disk if plan.keeps else None
        with (
            tempfile.TemporaryDirectory(prefix="chatd-bench-", dir=place) as directory,
            contextlib.ExitStack() as ends,
        ):
            os.chmod(directory, 0o755)  # some servers drop their rights before they read
            if server.protocol == "disk":
                return server.measure(plan, directory, self.options)
            port = self.next_port()
            pinned = machine.pinned(self.options.server_core)
            process = server.start(directory, port, [*first, *pinned], case.settings, plan.keeps)
            ends.callback(server_kinds.stop, process)
            bill = Bill(process.pid, server.admin_socket(directory)) if plan.keeps else None
            busy = None
            if plan.beside:
                busy = self.tool(machine.dies_with_us(), beside_arguments(plan, server), port)
                ends.callback(server_kinds.stop, busy)
                wait_for_descriptors(process.pid, plan.beside["subscribers"])
            words = [*tool_arguments(plan, server, case), f"--pid={process.pid}"]
            tool = self.tool(first, words, port)
            ends.callback(server_kinds.stop, tool)
            result = answer(tool, plan.seconds_max)
            if bill:
                bill.close(result)
            if busy:
                result["beside"] = answer(busy, plan.seconds_max)
            if process.poll() is not None:
                raise OSError(f"{server.name} ended with {process.returncode} under load")
            return result

    def tool(self, prefix, words, port):
        """Starts a run of chatctl bench."""
        server = f"--server=127.0.0.1:{port}"
        pinned = machine.pinned(self.options.tool_core)
        return subprocess.Popen(
            [*prefix, *pinned, self.chatctl, "--output=json", server, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def next_port(self):
        for _ in range(1000):
            self.ports += 1
            port = self.options.base_port + self.ports % 1000
            if server_kinds.is_free(port):
                return port
        raise OSError("no port is free")

    def tell(self, plan, server, case, repetition, record):
        column = plan.columns[0]
        figure = value(record.get("result"), column.path)
        said = record.get("error") or record.get("skipped")
        if said is None:
            said = f"{figure:.6g} {column.title}" if figure is not None else f"no {column.title}"
        who = f"{server.name} {case.label}".strip()
        print(
            f"{plan.name:<20} {who:<28} {repetition + 1}/{self.options.reps}  {said}",
            file=sys.stderr,
            flush=True,
        )

    def judge(self, plan, server, case, record):
        """Speed is never a failure; a run that breaks is, and what our daemon did wrong. Who does not
        read is cut off; that is not wrong, and the tool does not complain of it."""
        found = record.get("error")
        is_ours = isinstance(server, server_kinds.Chatd) or server.protocol == "disk"
        if is_ours and "result" in record:
            result, wanted = record["result"], plan.columns[0].path
            found = complaint(result)
            if not found and value(result, wanted) is None:
                found = f"the tool told no {wanted}"
        if found:
            who = f"{plan.name}: {server.name} {case.label}".strip()
            self.harm.append(f"{who}: {found}")


def tool_arguments(plan, server, case):
    """What the tool is told, but for where the server is."""
    return words_for(plan.scenario, {**plan.options, **case.options}, server)


def beside_arguments(plan, server):
    return words_for("fanout", plan.beside, server)


def words_for(scenario, options, server):
    options = {**options, "concurrency": server.concurrency}
    return ["bench", scenario, f"--protocol={server.protocol}"] + [
        f"--{name}={setting}" for name, setting in options.items()
    ]


def answer(tool, seconds_max):
    """What the tool tells at its end. It ends with 1 when something did not go well. If it has
    figures all the same, they are the ones to keep: the harm is in them."""
    said, complained = tool.communicate(timeout=seconds_max)
    if tool.returncode not in (0, 1) or not said.strip():
        raise subprocess.CalledProcessError(tool.returncode, tool.args, said, complained)
    result = json.loads(said)
    if tool.returncode != 0:
        result["complained"] = first_lines(complained)
    return result


def wait_for_descriptors(pid, count):
    """Until the process has so many open: that many have come in."""
    deadline = time.monotonic() + COME_IN_SECONDS
    while len(os.listdir(f"/proc/{pid}/fd")) < count:
        if time.monotonic() > deadline:
            raise OSError("the load beside it does not come in")
        time.sleep(0.1)


COME_IN_SECONDS = 30


def explain(error):
    if isinstance(error, subprocess.CalledProcessError):
        return f"the tool ended with {error.returncode}: {first_lines(error.stderr or '')}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"the tool did not end within {error.timeout:.0f} s"
    return str(error)


def first_lines(text):
    """What the tool said on stderr, without its name before each line."""
    lines = [line.strip().removeprefix("chatctl: ") for line in text.splitlines()]
    return " / ".join([line for line in lines if line][:2])
