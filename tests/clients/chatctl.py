"""A user of chatd's own protocol: chatctl join, in a pipe."""

import subprocess

from participant import Participant


class Chatctl(Participant):
    def __init__(self, directory, program, server, room):
        self.nick = "ana"
        self._log = directory / "log"
        with self._log.open("w") as log:
            self.start(
                [program, "--server", server, "join", self.nick, "--room", room],
                directory,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )

    def files(self):
        return [self._log]

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def say(self, _room, text):
        self.type(text)

    def act(self, _room, text):
        self.type(f"/me {text}")

    def tell(self, nick, text):
        self.type(f"@{nick} {text}")

    def ask_names(self, room):
        self.type(f"/names {room}")

    def ask_whois(self, nick):
        self.type(f"/whois {nick}")

    def quit(self):
        self.type("/quit")
