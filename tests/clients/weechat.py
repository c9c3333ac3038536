"""WeeChat without a screen, which logs in by SASL SCRAM-SHA-256: it is typed into through its pipe, and its logs of all buffers are the transcript."""

import stat
import subprocess

from participant import Participant

CONFIG = {
    "irc.conf": """
[server]
chatd.addresses = "{host}/{port}"
chatd.autoconnect = on
chatd.autojoin = "{room}"
chatd.nicks = "{nick}"
chatd.username = "{nick}"
chatd.realname = "{nick} of WeeChat"
chatd.capabilities = "*"
chatd.sasl_mechanism = scram-sha-256
chatd.sasl_username = "{nick}"
chatd.sasl_password = "{password}"
""",
    "logger.conf": """
[file]
auto_log = on
flush_delay = 0
path = "{directory}/logs"
[level]
irc = 9
core.weechat = 9
""",
    "fifo.conf": """
[file]
enabled = on
path = "{directory}/pipe"
""",
}


class Weechat(Participant):
    nick = "weechat"

    def __init__(self, directory, host, port, room, password):
        self._logs = directory / "logs"
        self._pipe = directory / "pipe"
        for name, text in CONFIG.items():
            values = dict(host=host, port=port, room=room, nick=self.nick, password=password)
            (directory / name).write_text(text.format(directory=directory, **values))
        self.start(
            ["weechat-headless", "--dir", str(directory)],
            directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        self.wait_for("its pipe", lambda: self._pipe.exists() and stat.S_ISFIFO(self._pipe.stat().st_mode))

    def files(self):
        return sorted(self._logs.glob("*")) if self._logs.exists() else []

    def type(self, line):
        with self._pipe.open("w") as pipe:
            pipe.write(f"irc.server.chatd *{line}\n")

    def say(self, room, text):
        self.type(f"/msg {room} {text}")

    def act(self, room, text):
        # /me is for the buffer that it is typed in.
        with self._pipe.open("w") as pipe:
            pipe.write(f"irc.chatd.{room} */me {text}\n")

    def tell(self, nick, text):
        self.type(f"/msg {nick} {text}")

    def ask_names(self, room):
        self.type(f"/names {room}")

    def ask_whois(self, nick):
        self.type(f"/whois {nick}")

    def quit(self):
        self.type("/quit good bye")
