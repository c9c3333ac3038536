#!/usr/bin/env python3
"""A ledger outside of chatd: what it acknowledged must be there, once and in order, whatever happened.

    ledger.py kills ROUNDS COMMAND…     COMMAND kills chatd, which systemd starts again; ROUNDS times
    ledger.py frozen DIRECTORY          the history's file system, mounted there too, stands still

Talks to 127.0.0.1:12231, as anybody on that machine could. Prints its seed, which $CHATD_SEED sets, and
what it counted; ends with 1, and says why, when something is not as it must be.
"""

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time

ADDRESS = ("127.0.0.1", 12231)
PATIENCE = 30.0
NO_ID = "0" * 13


class Gone(Exception):
    """The connection has ended."""


class Peer:
    """A connection of the v1 protocol, logged in; waits for a daemon that is not there yet."""

    def __init__(self, nick, key=None):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.log_in(nick, key)
                return
            except (ConnectionError, Gone):  # not there yet, or about to go
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def log_in(self, nick, key):
        self.socket = socket.create_connection(ADDRESS, timeout=PATIENCE)
        self.lines = self.socket.makefile("rb")
        self.next_id = 0
        self.next_line()  # the greeting
        hello = {"type": "hello", "v": 1, "nick": nick}
        if key:
            hello["key"] = key
        self.say(hello)
        self.key = self.hear(lambda it: it["type"] == "login")["key"]
        self.hear(lambda it: it["type"] == "joined")

    def say(self, *objects):
        try:
            self.socket.sendall(b"".join(json.dumps(it).encode() + b"\n" for it in objects))
        except OSError as error:
            raise Gone from error

    def next_line(self):
        try:
            line = self.lines.readline()
        except ConnectionError as error:
            raise Gone from error
        if not line.endswith(b"\n"):
            raise Gone
        return line

    def next(self):
        return json.loads(self.next_line())

    def hear(self, is_meant):
        while True:
            found = self.next()
            if is_meant(found):
                return found

    def ask(self, request):
        self.next_id += 1
        name = f"asked {self.next_id}"
        self.say({**request, "id": name})
        return self.hear(lambda it: it.get("id") == name)

    def all_of(self, place):
        """Everything that was said there, oldest first."""
        everything, after, further = [], NO_ID, True
        while further:
            answer = self.ask({"type": "history", "of": place, "after": after, "limit": 500})
            while True:
                check(answer["type"] == "history", answer)
                everything += answer["messages"]
                if not answer.get("more"):
                    break
                answer = self.hear(lambda it: it.get("id") == answer["id"])
            further = answer.get("further", False)
            after = everything[-1]["msgid"] if everything else after
        return everything


def check(is_so, why):
    if not is_so:
        print(f"not as it must be: {why}", flush=True)
        os._exit(1)  # from any thread


class Writer:
    """Someone who talks, sends again what was not acknowledged, and forgets nothing."""

    def __init__(self, index):
        self.nick = f"writer{index}"
        self.place = ["#lobby", f"@writer{index ^ 1}"][index % 2]
        self.key = None
        self.acks = []  # by number; None where there was none yet
        self.peer = None

    def text(self, number):
        return f"{self.nick} says {number}"

    def line(self, number):
        return {"type": "send", "to": self.place, "text": self.text(number),
                "client_msgid": f"n{number}", "id": str(number)}

    def come(self):
        self.peer = Peer(self.nick, self.key)
        self.key = self.peer.key

    def talk(self, counted):
        try:
            again = [n for n, ack in enumerate(self.acks) if ack is None]
            self.peer.say(*(self.line(n) for n in again))
            in_flight = len(again)
            while True:
                while in_flight < 16:
                    self.acks.append(None)
                    self.peer.say(self.line(len(self.acks) - 1))
                    in_flight += 1
                answer = self.peer.hear(lambda it: it["type"] in ("ack", "error"))
                check(answer["type"] == "ack", answer)
                self.acks[int(answer["id"])] = answer["msgid"]
                in_flight -= 1
                counted.release()
        except Gone:
            pass


def kills(rounds, command):
    writers = [Writer(index) for index in range(4)]
    for _ in range(rounds):
        for writer in writers:
            writer.come()
        counted = threading.Semaphore(0)
        threads = [threading.Thread(target=it.talk, args=(counted,)) for it in writers]
        for thread in threads:
            thread.start()
        for _ in range(random.randrange(400)):
            check(counted.acquire(timeout=PATIENCE), "nothing was acknowledged")
        time.sleep(random.random() * 0.01)
        subprocess.run(command, check=True)
        for thread in threads:
            thread.join()
    acked = unacked = there = 0
    for writer in writers:
        writer.come()
    for writer in writers:
        messages = writer.peer.all_of(writer.place)
        check([it["msgid"] for it in messages] == sorted({it["msgid"] for it in messages}), "ids rise")
        own = [it for it in messages if it["from"] == writer.nick]
        numbers = [int(it["text"].split()[2]) for it in own]
        check(numbers == sorted(set(numbers)), f"{writer.nick}: kept once and in order: {numbers}")
        for message, number in zip(own, numbers):
            check(message["text"] == writer.text(number), f"nobody said {message}")
            check(number < len(writer.acks), f"nobody said {message}")
            check(writer.acks[number] in (None, message["msgid"]), f"{message} was {writer.acks[number]}")
        for number, ack in enumerate(writer.acks):
            check(ack is None or number in set(numbers), f"{writer.text(number)} was acknowledged and is gone")
        acked += sum(ack is not None for ack in writer.acks)
        unacked += sum(ack is None for ack in writer.acks)
        there += len(own)
    check(acked > 0, "nothing was acknowledged")
    print(f"{rounds} kills: {acked} acknowledged, all there; {unacked} not, {there - acked} of these there")


def frozen(directory):
    ana, ben = Peer("ana"), Peer("ben")
    kept = []

    def say(peer, text):
        answer = peer.ask({"type": "send", "to": "#lobby", "text": text})
        if answer["type"] == "ack":
            kept.append(text)
        return answer

    for number in range(20):
        check(say(ana, f"before {number}")["type"] == "ack", "a disk that works")
    subprocess.run(["fsfreeze", "--freeze", directory], check=True)
    try:
        waiting = [f"meanwhile {number}" for number in range(50)]
        ana.say(*({"type": "send", "to": "#lobby", "text": it, "id": it} for it in waiting))
        for text in waiting:  # others hear it, and it is not acknowledged
            ben.hear(lambda it: it.get("text") == text)
        begun = time.monotonic()
        check(ben.ask({"type": "ping"})["type"] == "pong", "the loop lives")
        check(ben.ask({"type": "names", "room": "#lobby"})["type"] == "names", "the loop lives")
        print(f"frozen: answered in {(time.monotonic() - begun) * 1000:.0f} ms")
        deadline = time.monotonic() + PATIENCE
        extra = []
        while True:
            # Taken as long as nobody knows; then they are acknowledged later.
            name = f"extra {len(extra)}"
            ben.say({"type": "send", "to": "#lobby", "text": name, "id": name}, {"type": "ping", "id": "p"})
            heard = ben.hear(lambda it: it.get("id") in (name, "p"))
            if heard["type"] == "error":
                break
            check(heard["type"] == "pong", f"a disk that stands still keeps nothing: {heard}")
            extra.append(name)
            check(time.monotonic() < deadline, "nothing is refused")
            time.sleep(0.05)
        check(heard["code"] == "not_kept", heard)
        print(f"frozen: refused after {time.monotonic() - begun:.1f} s: {heard['text']}")
        answer = ben.ask({"type": "history", "of": "#lobby"})
        print(f"frozen: history is answered by {answer['type']} {answer.get('text', '')}")
        check(ben.ask({"type": "ping"})["type"] == "pong", "the loop lives")
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", directory], check=True)
    for peer, texts in ((ana, waiting), (ben, extra)):
        for text in texts:
            answer = peer.hear(lambda it: it.get("id") == text)
            check(answer["type"] == "ack", answer)
            kept.append(text)
    deadline = time.monotonic() + PATIENCE
    while say(ana, f"thawed {time.monotonic()}")["type"] != "ack":
        check(time.monotonic() < deadline, "all is well again")
        time.sleep(0.05)
    there = [it["text"] for it in ben.all_of("#lobby")]
    check(sorted(there) == sorted(kept), f"{sorted(set(there) ^ set(kept))}")
    print(f"frozen: {len(kept)} acknowledged, all there and nothing else")


def main():
    seed = int(os.environ.get("CHATD_SEED", random.randrange(1 << 32)))
    print(f"CHATD_SEED={seed}", flush=True)
    random.seed(seed)
    if sys.argv[1] == "kills":
        kills(int(sys.argv[2]), sys.argv[3:])
    elif sys.argv[1] == "frozen":
        frozen(sys.argv[2])
    else:
        sys.exit(__doc__)


main()
