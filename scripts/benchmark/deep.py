"""A history of ten million messages: made by benches/history_fill, then asked by one client over the
chat protocol, one question at a time. Told are how long the answers take, how large it is, and what
it does to chatd's start and memory.

The history is made once for a number of messages and a seed, and stays beside the results."""

import json
import os
import random
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import machine
import servers as server_kinds
from servers import Chatd

SEED = 1
FILL_SECONDS_MAX = 3600
# Asks of each kind.
ASKS = 300
QUICK_ASKS = 20
PAGE = 50
STARTS = 5
PATIENCE_SECONDS = 30
# The length of a message id, whose digits sort as their numbers do.
ID_DIGITS = "0123456789abcdefghijklmnopqrstuv"
ID_BITS_BELOW_MS = 20


def measure(programs, store, options):
    """Fills, starts, asks; keeps one fact, `deep`."""
    if store.has("deep"):
        return
    print(f"deep                 {options.messages:,} messages", file=sys.stderr, flush=True)
    directory = os.path.join(options.disk, f"deep-{options.messages}-{SEED}")
    made = fill(programs["history_fill"], directory, options.messages)
    server = Deep(programs["chatd"], directory)
    found = {"made": made, "sizes": sizes(directory, made["messages"])}
    found["start_ms"] = starts(server, options)
    with server.running(options) as (port, process):
        found["rss_kib_started"] = rss_kib(process.pid)
        asks = QUICK_ASKS if options.quick else ASKS
        forget_pages(directory)
        found["asks_cold"] = ask_all(port, made, asks)
        # The same questions again: what they need is in memory now.
        found["asks"] = ask_all(port, made, asks)
        found["rss_kib"] = rss_kib(process.pid)
    found["page"] = PAGE
    store.note(deep=found)
    if options.quick:
        shutil.rmtree(directory)


def fill(program, directory, messages):
    """The history, made now or earlier, and what is in it."""
    note = os.path.join(directory, "made.json")
    if not os.path.exists(note):
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        command = [
            *machine.dies_with_us(),
            program,
            f"--path={directory}/history.db",
            f"--messages={messages}",
            f"--seed={SEED}",
        ]
        said = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, timeout=FILL_SECONDS_MAX
        )
        with open(note, "w") as file:
            file.write(said.stdout)
    with open(note) as file:
        return json.load(file)


def sizes(directory, messages):
    """Bytes of each file, and for each message."""
    files = {}
    for name in sorted(os.listdir(directory)):
        if name.startswith("history"):
            files[name] = os.path.getsize(os.path.join(directory, name))

    def share(prefix):
        return sum(size for name, size in files.items() if name.startswith(prefix)) / messages

    return {"files": files, "database": share("history.db"), "index": share("history-search")}


class Deep(Chatd):
    """Our daemon on that history."""

    def __init__(self, program, directory):
        super().__init__(program)
        self.history = directory

    def running(self, options):
        return Running(self, options)


class Running:
    """Starts it, and stops it at the end."""

    def __init__(self, server, options):
        self.server, self.options = server, options

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="chatd-bench-")
        self.port = free_port(self.options.base_port)
        path = os.path.join(self.server.history, "history.db")
        settings = (f"history.path={path}", "history.durability=commit")
        prefix = [*machine.dies_with_us(), *machine.pinned(self.options.server_core)]
        self.begun = time.monotonic()
        try:
            self.process = self.server.start(self.directory.name, self.port, prefix, settings)
        except BaseException:
            self.directory.cleanup()
            raise
        return self.port, self.process

    def __exit__(self, *_):
        server_kinds.stop(self.process)
        self.directory.cleanup()


def free_port(base):
    return next(port for port in range(base, base + 1000) if server_kinds.is_free(port))


def starts(server, options):
    """Milliseconds from starting the program to the first client's welcome; the first time with none of
    the history in the page cache."""
    forget_pages(server.history)
    taken = []
    for _ in range(1 if options.quick else STARTS):
        running = Running(server, options)
        with running as (port, _):
            Client(port, "starter", None).close()
            taken.append((time.monotonic() - running.begun) * 1000)
    return {"cold": taken[0], "median": statistics.median(taken), "most": max(taken)}


def forget_pages(directory):
    """Has the system drop what it has in memory of these files."""
    os.sync()
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def rss_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


class Client:
    """One that asks and waits for the answer."""

    def __init__(self, port, nick, key):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.001)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.line()
        hello = {"type": "hello", "v": 1, "nick": nick, "enter": False}
        self.say(hello if key is None else {**hello, "key": key})
        self.wait_for("login")

    def say(self, request):
        self.socket.sendall(json.dumps(request, ensure_ascii=False).encode() + b"\n")

    def line(self):
        while b"\n" not in self.rest:
            came = self.socket.recv(1 << 20)
            if not came:
                raise OSError("chatd closed the connection")
            self.rest += came
        line, self.rest = self.rest.split(b"\n", 1)
        return line

    def wait_for(self, kind):
        while True:
            told = json.loads(self.line())
            if told["type"] == "error":
                raise OSError(f"chatd refused: {told['text']}")
            if told["type"] == kind:
                return told

    def ask(self, request, kind):
        """The messages of the whole answer, and the milliseconds until its end was there."""
        begun = time.perf_counter()
        self.say(request)
        lines = [self.line()]
        while b'"more":true' in lines[-1][-80:]:
            lines.append(self.line())
        taken = (time.perf_counter() - begun) * 1000
        answers = [json.loads(line) for line in lines]
        if answers[0].get("code") == "no_such_room":
            return [], taken  # a small history has nothing before then, and nobody is there
        if any(answer["type"] != kind for answer in answers):
            raise OSError(f"chatd answered {request} by {answers[0]}")
        return [message for answer in answers for message in answer["messages"]], taken

    def close(self):
        self.socket.close()


def ask_all(port, made, asks):
    """Each kind of question so often, always the same ones."""
    dice = random.Random(SEED)
    client = Client(port, made["people"][0]["nick"], made["people"][0]["key"])
    kinds = {
        "page": lambda: page(dice, made),
        "private page": lambda: private_page(dice, made),
        "rare word": lambda: rare(dice, made),
        "frequent word": lambda: frequent(made),
        "frequent word in a room": lambda: {**frequent(made), "of": dice.choice(made["rooms"])},
        "two characters": lambda: search("".join(chr(0x4E00 + 6 * dice.randrange(40)) for _ in "ab")),
        "two words": lambda: search(f"{made['frequent_word']} to"),
    }
    found = {}
    for name, question in kinds.items():
        taken, empty = [], 0
        for _ in range(asks):
            request = question()
            expected = request.pop("expected", None)
            answer = "history" if request["type"] == "history" else "found"
            messages, ms = client.ask(request, answer)
            if expected not in (None, len(messages)):
                raise OSError(f"{request} found {len(messages)} messages, not {expected}")
            taken.append(ms)
            empty += not messages
        found[name] = {
            "p50_ms": percentile(taken, 50),
            "p99_ms": percentile(taken, 99),
            "most_ms": max(taken),
            "n": asks,
            "empty": empty,
        }
    client.close()
    return found


def page(dice, made):
    """Before a random moment of the later half, in a random room."""
    moment = dice.randrange((made["first_ms"] + made["last_ms"]) // 2, made["last_ms"])
    room = dice.choice(made["rooms"])
    return {"type": "history", "of": room, "before": id_at(moment), "limit": PAGE}


def private_page(dice, made):
    request = page(dice, made)
    return {**request, "of": "@" + made["people"][0]["friend"]}


def search(words):
    return {"type": "search", "words": words, "limit": PAGE}


def rare(dice, made):
    """It is known how often it occurs, and only in rooms."""
    word, times = dice.choice(made["rare_words"])
    return {**search(word), "expected": times}


def frequent(made):
    return search(made["frequent_word"])


def id_at(unix_ms):
    """The first message id of a moment, as it is written."""
    number, digits = unix_ms << ID_BITS_BELOW_MS, ""
    for _ in range(13):
        number, digit = divmod(number, 32)
        digits = ID_DIGITS[digit] + digits
    return digits


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
