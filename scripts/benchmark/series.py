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


def run(plans, servers, chatctl, store, options):
    """Runs everything that is missing. Returns what went wrong: what our daemon lost, and any run
    that broke."""
    runner = Runner(chatctl, store, options)
    for plan in plans:
        rows = [
            (server, case)
            for server in servers
            if server.protocol in plan.protocols
            for case in plan.cases
        ]
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
        self.refused = set()
        self.harm = []
        self.first = machine.ahead_of_all()

    def once(self, plan, server, case, repetition):
        """One run, unless the store has it."""
        done = [run for run in self.store.of(plan.name, server.name, case.label) if "result" in run]
        if len(done) > repetition or (plan.name, case.label) in self.refused:
            return
        record = {"plan": plan.name, "server": server.name, "case": case.label}
        record["real_time"] = bool(plan.real_time and self.first)
        try:
            record["result"] = self.measure(plan, server, case)
            record["commands"] = [tool_arguments(plan, server, case)]
            if plan.beside:
                record["commands"].insert(0, beside_arguments(plan, server))
        except server_kinds.Refused as error:
            record["skipped"] = str(error)
            self.refused.add((plan.name, case.label))
        except server_kinds.NotStarted as error:
            record["error"] = f"did not start: {error}"
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            record["error"] = explain(error)
        record["load"] = os.getloadavg()[0]
        self.tell(plan, server, case, repetition, record)
        if "error" not in record:
            self.store.keep(record)
        self.judge(plan, server, case, record)

    def measure(self, plan, server, case):
        first = [*machine.dies_with_us(), *(self.first if plan.real_time else [])]
        with (
            tempfile.TemporaryDirectory(prefix="chatd-bench-") as directory,
            contextlib.ExitStack() as ends,
        ):
            os.chmod(directory, 0o755)  # some servers drop their rights before they read
            port = self.next_port()
            pinned = machine.pinned(self.options.server_core)
            process = server.start(directory, port, [*first, *pinned], case.settings)
            ends.callback(server_kinds.stop, process)
            busy = None
            if plan.beside:
                busy = self.tool(machine.dies_with_us(), beside_arguments(plan, server), port)
                ends.callback(server_kinds.stop, busy)
                wait_for_descriptors(process.pid, plan.beside["subscribers"])
            words = [*tool_arguments(plan, server, case), f"--pid={process.pid}"]
            tool = self.tool(first, words, port)
            ends.callback(server_kinds.stop, tool)
            result = answer(tool, plan.seconds_max)
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
        """Speed is never a failure; what is lost, and a run that breaks, is."""
        who = f"{plan.name}: {server.name} {case.label}".strip()
        if "error" in record:
            self.harm.append(f"{who}: {record['error']}")
        elif server.protocol == "chat" and "result" in record:
            result = record["result"]
            if value(result, plan.columns[0].path) is None:
                self.harm.append(f"{who}: the tool told no {plan.columns[0].path}")
            for told in (result, result.get("beside", {})):
                found = ((bad, value(told, bad)) for bad in HARMFUL)
                self.harm += [f"{who}: {bad} {count}" for bad, count in found if count]


# What none of our runs may tell. Who does not read is cut off; that is no harm, and told apart.
HARMFUL = ("lost", "duplicated", "out_of_order", "refused", "private.lost")


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
    """What the tool tells at its end."""
    said, complained = tool.communicate(timeout=seconds_max)
    if tool.returncode != 0:
        raise subprocess.CalledProcessError(tool.returncode, tool.args, said, complained)
    return json.loads(said)


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
        words = [line.strip() for line in (error.stderr or "").splitlines() if line.strip()]
        return f"the tool ended with {error.returncode}: " + " / ".join(words[:2])
    return str(error)
