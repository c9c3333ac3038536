"""irssi, at a terminal of its own, which logs in by SASL PLAIN. Its log of everything is the transcript."""

import fcntl
import os
import pty
import struct
import termios
import threading

from participant import Participant

CONFIG = """
servers = ({{ address = "{host}"; port = "{port}"; chatnet = "chatd"; autoconnect = "yes"; }});
chatnets = {{ chatd = {{
  type = "IRC"; sasl_mechanism = "PLAIN"; sasl_username = "{nick}"; sasl_password = "{password}";
}}; }};
channels = ({{ name = "{room}"; chatnet = "chatd"; autojoin = "yes"; }});
settings = {{
  core = {{ nick = "{nick}"; user_name = "{nick}"; real_name = "{nick} of irssi"; log_timestamp = "%H:%M:%S "; }};
  "fe-common/core" = {{ term_charset = "UTF-8"; }};
  "fe-text" = {{ paste_detect_time = "0msecs"; paste_verify_line_count = "0"; }};
}};
logs = {{ "{log}" = {{ auto_open = "yes"; level = "ALL"; }}; }};
"""


class Irssi(Participant):
    nick = "irssi"

    def __init__(self, directory, host, port, room, password):
        self._log = directory / "log"
        values = dict(host=host, port=port, room=room, nick=self.nick, password=password)
        text = CONFIG.format(log=self._log, **values)
        config = directory / "config"
        config.write_text(text)
        self._keyboard, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self.start(
            ["irssi", "--home", str(directory), "--config", str(config)],
            directory,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        # It would wait for us when the terminal is full.
        threading.Thread(target=self._discard_screen, daemon=True).start()

    def files(self):
        return [self._log]

    def type(self, line):
        os.write(self._keyboard, line.encode() + b"\r")

    def say(self, room, text):
        self.type(f"/msg {room} {text}")

    def act(self, room, text):
        self.type(f"/action {room} {text}")

    def tell(self, nick, text):
        self.type(f"/msg {nick} {text}")

    def ask_names(self, room):
        self.type(f"/names {room}")

    def ask_whois(self, nick):
        self.type(f"/whois {nick}")

    def quit(self):
        self.type("/quit good bye")

    def _discard_screen(self):
        try:
            while os.read(self._keyboard, 65536):
                pass
        except OSError:
            pass  # how Linux says that the other end is gone
