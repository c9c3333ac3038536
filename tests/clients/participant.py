"""Somebody in the story: a program that chats, what is typed into it, and what it has printed."""

import os
import signal
import subprocess
import time

# How long something may take that must happen: far more than it takes on a slow machine.
PATIENCE_SECONDS = 30


class Missing(Exception):
    """What was waited for has not come."""


def wait_for(what, probe):
    """What `probe` returns once it is true."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        if found := probe():
            return found
        if time.monotonic() > until:
            raise Missing(f"{what}: not within {PATIENCE_SECONDS} s")
        time.sleep(0.02)


class Participant:
    """One of them. A kind of client says how it is started and typed into, and which files have what it prints."""

    # What it is called in the chat and in the output of the run.
    nick = ""
    process = None

    def files(self):
        """The files that together are its transcript, those that are there."""
        raise NotImplementedError

    def type(self, line):
        """Types a command or a text, and Enter."""
        raise NotImplementedError

    def say(self, room, text):
        raise NotImplementedError

    def act(self, room, text):
        """What they do: /me."""
        raise NotImplementedError

    def tell(self, nick, text):
        raise NotImplementedError

    def ask_names(self, room):
        raise NotImplementedError

    def ask_whois(self, nick):
        raise NotImplementedError

    def quit(self):
        raise NotImplementedError

    def start(self, command, directory, **how):
        environment = {**os.environ, "HOME": str(directory), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        for name in ("TMUX", "STY"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            command, cwd=directory, env=environment, start_new_session=True, **how
        )

    def mark(self):
        """A place in the transcript: all that comes behind it is news to it."""
        return {path: len(lines_of(path)) for path in self.files()}

    def news(self, mark=None):
        """The lines behind the mark; without one, all."""
        return [line for path in self.files() for line in lines_of(path)[(mark or {}).get(path, 0) :]]

    def hears(self, *parts, since=None):
        """Waits for a line that has all of these."""

        def probe():
            return any(all(part in line for part in parts) for line in self.news(since))

        self.wait_for(" and ".join(map(repr, parts)), probe)

    def wait_for(self, what, probe):
        def probe_alive():
            found = probe()
            if not found and self.process.poll() is not None:
                raise Missing(f"{self.nick} waits for {what}, but has ended with {self.process.returncode}")
            return found

        return wait_for(f"{self.nick} waits for {what}", probe_alive)

    def wait_for_end(self):
        wait_for(f"{self.nick} ends", lambda: self.process.poll() is not None)

    def stop(self):
        """Ends it, if it has not ended by itself, with all that it has started."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def lines_of(path):
    """The whole lines; one that is still being written is left for the next time."""
    try:
        whole, _, _ = path.read_bytes().rpartition(b"\n")
    except FileNotFoundError:
        return []
    return whole.decode().split("\n") if whole else []
