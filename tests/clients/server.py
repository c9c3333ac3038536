"""A chatd of the run's own, on free ports of this machine, with all its files in one directory."""

import grp
import json
import os
import subprocess

from participant import Missing, wait_for

CONFIG = """
[[listen]]
protocol = "chat"
port = 0
[[listen]]
protocol = "irc"
port = 0
[history]
path = "{directory}/history.db"
[accounts]
path = "{directory}/registry.db"
[log]
directory = ""
[admin]
socket = "{directory}/admin.sock"
group = "{group}"
"""


class Server:
    def __init__(self, directory, build):
        self._chatctl = build / "chatctl"
        self._socket = directory / "admin.sock"
        self.log = directory / "log"
        config = directory / "chat.toml"
        group = grp.getgrgid(os.getgid()).gr_name
        config.write_text(CONFIG.format(directory=directory, group=group))
        with self.log.open("w") as log:
            self._process = subprocess.Popen([build / "chatd", "--config", config], stderr=log)
        listeners = wait_for("chatd is ready", self._listeners)
        self.chat = listeners["chat"]
        host, _, port = listeners["irc"].rpartition(":")
        self.irc = (host, int(port))

    def _listeners(self):
        """The address of each protocol, once it serves."""
        if self._process.poll() is not None:
            raise Missing(f"chatd has ended: {self.log.read_text()}")
        asked = subprocess.run(
            [self._chatctl, "--socket", self._socket, "status", "--output", "json"], capture_output=True
        )
        status = json.loads(asked.stdout) if asked.returncode == 0 else {}
        if status.get("state") != "ready":
            return None
        return {it["protocol"]: it["address"] for it in status["listeners"]}

    def add_account(self, name, password):
        command = [self._chatctl, "--socket", self._socket, "user", "add", name, "--password-stdin"]
        subprocess.run(command, input=password, text=True, check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self._process.terminate()
        self._process.wait()
