"""How irctest starts, configures and ends chatd: a controller in its sense.

Each test gets a chatd of its own, in a directory of its own. What the attributes of `ChatdController`
declare is held against chatd: a test of a behaviour that is declared here and that chatd then does not
advertise fails instead of being skipped.

The binaries are taken from the directory in $CHATD_BUILD. With $IRCTEST_DEBUG_LOGS=1 the log of each chatd
stands in the output of its test.
"""

import grp
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Optional, Type

from irctest import patma
from irctest.basecontrollers import BaseServerController, DirectoryBasedController
from irctest.cases import BaseServerTestCase
from irctest.runner import NotImplementedByController
from irctest.specifications import Capabilities, OptionalBehaviors

# How long chatctl may take for anything; under faketime its own clock is the true one.
PATIENCE = "30s"

# No limit is to be met by a test that is not about it: flood control, guesses, waiting times. Under faketime
# a clock runs thirty times as fast, so the waiting times are the longest that there are.
LIMITS = {
    "rate": 0,  # lifts those by person and minute, too
    "connects_per_minute": 0,
    "max_connections_per_ip": 0,
    "max_faults": 1_000_000,
    "login_timeout": "1h",
    "ping_interval": "24h",
}


class ChatdController(BaseServerController, DirectoryBasedController):
    software_name = "chatd"
    _port_wait_interval = 0.01
    supported_sasl_mechanisms = {"PLAIN", "SCRAM-SHA-256", "EXTERNAL"}
    supports_sts = True
    extban_mute_char = "m"

    # All that irctest knows, but sts, which a listener without TLS alone does not offer.
    capabilities = frozenset(set(Capabilities) - {Capabilities.STS})

    # All that irctest knows, but what contradicts UTF8ONLY.
    optional_behaviors = frozenset(
        set(OptionalBehaviors) - {OptionalBehaviors.NON_UTF8_MESSAGE}
    )

    isupport = {
        "ACCOUNTEXTBAN": patma.ANYSTR,
        "BOT": "B",
        "CASEMAPPING": "ascii",
        "ELIST": patma.StrRe("[CMNTU]{5}"),
        "EXCEPTS": patma.ANYOPTSTR,
        "EXTBAN": patma.StrRe(".?,.*m.*"),
        "INVEX": patma.ANYOPTSTR,
        "MONITOR": patma.StrRe("[0-9]+"),
        "MSGREFTYPES": "msgid,timestamp",
        "PREFIX": "(ov)@+",
        "STATUSMSG": "@+",
        "TARGMAX": patma.ANYSTR,
        "UTF8ONLY": None,
        "WHOX": None,
    }

    def run(
        self,
        hostname: str,
        port: int,
        *,
        password: Optional[str],
        ssl: bool,
        run_services: bool,
        faketime: Optional[str],
        websocket_hostname: Optional[str],
        websocket_port: Optional[int],
    ) -> None:
        assert self.proc is None
        if self.test_config.account_registration_requires_email:
            raise NotImplementedByController("e-mail addresses of accounts")
        self.hostname = hostname
        self.port = port
        self.create_config()
        assert self.directory

        config = {
            "server": {"name": "My.Little.Server", "motd": "Welcome."},
            "listen": [listener("irc", port, tls=ssl)],
            "limits": LIMITS,
            "history": {"path": self._file("history.db")},
            "accounts": {
                "path": self._file("registry.db"),
                "registration": "open",
                # Tests have passwords as short as "bar", and every test hashes its own.
                "password_length": 1,
                "hash_memory": "7MiB",
                "hash_passes": 1,
            },
            "log": {"directory": "", "level": "debug" if self.debug_mode else "warn"},
            "admin": {
                "socket": self._file("admin.sock"),
                "group": grp.getgrgid(os.getgid()).gr_name,
            },
            # Tests expect nothing but what they ask for.
            "irc": {"autoreplay": 0},
            "oper": [{"name": "operuser", "password": "operpassword"}],
        }
        if password is not None:
            config["irc"]["password"] = password
        if websocket_port is not None:
            config["listen"].append(listener("http", websocket_port, tls=ssl))
        if ssl:
            config["tls"] = self._certificate()
        if self.test_config.account_registration_before_connect:
            config["accounts"]["register_before_login"] = True

        Path(self._file("chat.toml")).write_text(toml(config))
        self._faketime = []
        if faketime and shutil.which("faketime"):
            self._faketime = ["faketime", "-f", faketime]
            self.faketime_enabled = True
        self._start()

    def registerUser(
        self,
        case: BaseServerTestCase,
        username: str,
        password: Optional[str] = None,
    ) -> None:
        if not case.run_services:
            # chatd can do without; a test that forgot it would fail with other servers.
            raise ValueError(f"account {username} is wanted, but not run_services")
        self._ctl("wait", "--ready")
        if password is None:
            self._ctl("user", "add", username, "--no-password")
        else:
            self._ctl("user", "add", username, "--password-stdin", stdin=password)

    def wait_for_services(self) -> None:
        """chatd is its own services, and there when its port is."""

    def restart(self) -> None:
        """With the same files."""
        self.kill_proc()
        self.port_open = False
        self._start()
        self.wait_for_port()

    def _start(self) -> None:
        assert self.directory
        config = self.directory / "chat.toml"
        self.proc = self.execute([*self._faketime, program("chatd"), "--config", config])

    def _certificate(self) -> dict:
        """One that vouches for itself; the paths of it and of its key, as [tls] wants them."""
        self._ctl("cert", "self-signed", "localhost", "--dir", str(self.directory))
        return {"certificate": self._file("chatd.pem"), "key": self._file("chatd.key")}

    def _ctl(self, *arguments: str, stdin: str = "") -> None:
        command = [program("chatctl"), "--socket", self._file("admin.sock")]
        done = subprocess.run(
            [*command, "--timeout", PATIENCE, *arguments],
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode != 0:
            raise RuntimeError(f"chatctl {' '.join(arguments)}: {done.stdout.strip()}")

    def _file(self, name: str) -> str:
        assert self.directory
        return str(self.directory / name)


def listener(protocol: str, port: int, tls: bool) -> dict:
    return {"protocol": protocol, "address": "127.0.0.1", "port": port, "tls": tls}


def program(name: str) -> Path:
    return Path(os.environ["CHATD_BUILD"]) / name


def toml(config: dict) -> str:
    """As TOML: a dictionary is a table, a list of them an array of tables."""
    lines = []
    for name, value in config.items():
        heading, tables = ("[[{}]]", value) if isinstance(value, list) else ("[{}]", [value])
        for table in tables:
            lines.append(heading.format(name))
            # TOML's texts, numbers and booleans are those of JSON.
            lines += [f"{key} = {json.dumps(it, ensure_ascii=False)}" for key, it in table.items()]
    return "\n".join(lines) + "\n"


def get_irctest_controller_class() -> Type[ChatdController]:
    return ChatdController
