"""A bot on Python's library irc, which runs as a program of its own: see bot_program.py."""

import subprocess
from pathlib import Path

from participant import Participant


class Bot(Participant):
    def __init__(self, directory, host, port, room, python):
        self.nick = "robot"
        self._log = directory / "log"
        program = Path(__file__).with_name("bot_program.py")
        with self._log.open("w") as log:
            self.start(
                [python, str(program), host, str(port), room, self.nick],
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

    def say(self, room, text):
        self.type(f"privmsg {room} {text}")

    def act(self, room, text):
        self.type(f"action {room} {text}")

    def tell(self, nick, text):
        self.type(f"privmsg {nick} {text}")

    def ask_names(self, room):
        self.type(f"names {room}")

    def ask_whois(self, nick):
        self.type(f"whois {nick}")

    def quit(self):
        self.type("quit good bye")
