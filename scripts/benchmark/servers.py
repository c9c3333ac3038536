"""The servers that are measured: how each is set up for load, started, found ready and stopped.

Settings are alike: no flood control, no limits per address, no look-ups, nothing on disk, large
queues. Where a server needs another pace of new connections, that is said here and why. In plans that
keep what is said, all is on the disk before it is acknowledged, by each server's own setting for that.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

START_SECONDS = 15
STOP_SECONDS = 8
# chatd's exit code for a mistake in its settings.
REFUSED = 2


class NotStarted(Exception):
    """A server did not come up; the text is what it said last."""


class Refused(NotStarted):
    """Our daemon does not take a setting; it may be older than this script."""


class Server:
    """One kind of server. `start` runs a fresh one in a directory of its own."""

    name = ""
    protocol = ""
    # New connections on their way in at a time.
    concurrency = 50

    def binary(self):
        """The program, or None where it is not installed."""
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        return shutil.which(self.program, path=path)

    def version(self):
        said = subprocess.run(
            [self.binary(), *self.version_arguments], capture_output=True, text=True, timeout=10
        )
        lines = (said.stdout + said.stderr).strip().splitlines() or ["?"]
        number = re.search(r"\d+(\.\d+)+", lines[0])
        return number.group(0) if number else lines[0]

    version_arguments = ["--version"]

    def command(self, directory, port, settings, keeps):
        """Writes what the server wants to read into `directory` and returns its command line."""
        raise NotImplementedError

    def environment(self, directory):
        return dict(os.environ)

    def admin_socket(self, directory):
        """Where one asks our daemon how it does; None for others."""
        return None

    def start(self, directory, port, prefix, settings=(), keeps=False):
        """Starts it behind the words of `prefix`; returns the process once it listens."""
        command = self.command(directory, port, settings, keeps)
        log = os.path.join(directory, "output")
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [*prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment(directory),
                cwd=directory,
                # An interrupt at the keyboard is for us; we end it ourselves.
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not listens(port):
                ended = process.poll()
                if ended == REFUSED and settings:
                    raise Refused(last_words(log))
                if ended is not None or time.monotonic() > deadline:
                    raise NotStarted(last_words(log) or "it said nothing")
                time.sleep(0.02)
        except BaseException:
            stop(process)
            raise
        return process


class Chatd(Server):
    name, protocol = "chatd", "chat"
    # In every plan: no limit stands in the way of a load.
    settings = ("limits.rate=0", "limits.max_connections=20000", "limits.max_connections_per_ip=0")

    def __init__(self, program):
        self.program = program

    @classmethod
    def all_settings(cls, settings, keeps):
        """Those of a case, and a history only where it is measured."""
        says = any(one.startswith("history.durability=") for one in settings)
        history = () if says else (f"history.durability={'commit' if keeps else 'off'}",)
        return (*cls.settings, *history, *settings)

    def binary(self):
        return self.program

    def command(self, directory, port, settings, keeps):
        # A file of its own, so that none of the machine's is read.
        config = write(directory, "chat.toml", "")
        sets = [f"listen[0].port={port}", *self.all_settings(settings, keeps)]
        return [
            self.program,
            "--config",
            config,
            *(word for one in sets for word in ("--set", one)),
        ]

    def environment(self, directory):
        environment = {
            key: value
            for key, value in os.environ.items()
            if key not in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "JOURNAL_STREAM")
        }
        for kind in self.directories:
            environment[f"{kind}_DIRECTORY"] = os.path.join(directory, kind.lower())
        return environment

    directories = ("RUNTIME", "STATE", "LOGS")

    def admin_socket(self, directory):
        return os.path.join(directory, "runtime", "admin.sock")


class ChatdIrc(Chatd):
    """The same daemon, spoken to as any IRC server is."""

    name, protocol = "chatd-irc", "irc"
    settings = (*Chatd.settings, "listen[0].protocol=irc")


class Redis(Server):
    name, protocol, program = "redis", "redis", "redis-server"

    def command(self, directory, port, settings, keeps):
        options = {
            "bind": "127.0.0.1",
            "port": port,
            "protected-mode": "no",
            "save": "",
            "appendonly": "no",
            "dir": directory,
            "maxclients": 19000,
            "tcp-backlog": 1024,
            "client-output-buffer-limit": "pubsub 0 0 0",
        }
        if keeps:
            # Not written anew meanwhile: that would be twice the work.
            always = {"appendfsync": "always", "auto-aof-rewrite-percentage": 0}
            options.update({"appendonly": "yes", **always})
        return [
            self.binary(),
            *(str(word) for key, value in options.items() for word in (f"--{key}", value)),
        ]


class Nats(Server):
    """$NATS_BIN names another program than the installed one."""

    name, protocol, program = "nats", "nats", "nats-server"
    # The first that can be told to synchronise before it answers.
    durable_since = (2, 10)

    def binary(self):
        given = os.environ.get("NATS_BIN")
        return shutil.which(given) if given else super().binary()

    def jetstream(self, directory):
        version = tuple(int(part) for part in self.version().split(".")[:2])
        if version < self.durable_since:
            raise Refused(
                f"nats-server {self.version()} acknowledges before anything is synchronised with the "
                "disk, and has no setting for that; $NATS_BIN names a newer one"
            )
        return f'jetstream {{ store_dir: "{directory}/jetstream", sync_interval: always }}\n'

    def command(self, directory, port, settings, keeps):
        config = write(
            directory,
            "nats.conf",
            f"""listen: "127.0.0.1:{port}"
max_connections: 20000
max_pending: 256MB
write_deadline: "30s"
ping_interval: "10m"
"""
            + (self.jetstream(directory) if keeps else ""),
        )
        return [self.binary(), "--config", config]


class Mosquitto(Server):
    name, protocol, program = "mosquitto", "mqtt", "mosquitto"
    version_arguments = ["-h"]

    def command(self, directory, port, settings, keeps):
        config = write(
            directory,
            "mosquitto.conf",
            f"""listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_connections -1
max_queued_messages 0
set_tcp_nodelay true
log_type error
"""
            + ("user root\n" if os.geteuid() == 0 else ""),
        )
        return [self.binary(), "-c", config]


class Ngircd(Server):
    name, protocol, program = "ngircd", "irc", "ngircd"
    # It listens with a backlog of 10; who comes above that waits a second for another try.
    concurrency = 8

    def command(self, directory, port, settings, keeps):
        user = "    ServerUID = nobody\n    ServerGID = nogroup\n" if os.geteuid() == 0 else ""
        config = write(
            directory,
            "ngircd.conf",
            f"""[Global]
    Name = irc.bench.invalid
    Info = bench
    MotdPhrase = bench
    Listen = 127.0.0.1
    Ports = {port}
{user}[Limits]
    MaxConnections = 0
    MaxConnectionsIP = 0
    MaxJoins = 0
    MaxPenaltyTime = 0
    PingTimeout = 600
[Options]
    DNS = no
    Ident = no
    PAM = no
""",
        )
        return [self.binary(), "--nodaemon", "--config", config]


class Inspircd(Server):
    name, protocol, program = "inspircd", "irc", "inspircd"
    # It completes registrations once a second, as many as are waiting then.
    concurrency = 400

    def command(self, directory, port, settings, keeps):
        write(directory, "motd", "bench\n")
        config = write(
            directory,
            "inspircd.conf",
            f"""<config format="xml">
<server name="irc.bench.invalid" description="bench" network="bench" id="0BN">
<admin name="bench" nick="bench" email="bench@bench.invalid">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect name="everyone" allow="*" timeout="30" pingfreq="10m" maxchans="100" limit="20000"
         hardsendq="64M" softsendq="64M" recvq="1M" fakelag="no"
         threshold="100000000" commandrate="100000000"
         localmax="20000" globalmax="20000" maxconnwarn="no"
         resolvehostnames="no" useident="no">
<performance softlimit="20000" somaxconn="1024" netbuffersize="65534" quietbursts="yes">
<options defaultmodes="nt" casemapping="ascii">
<files motd="{directory}/motd">
<path configdir="{directory}" datadir="{directory}" logdir="{directory}" runtimedir="{directory}">
<log method="file" level="default" type="* -USERINPUT -USEROUTPUT" target="{directory}/log">
""",
        )
        root = ["--runasroot"] if os.geteuid() == 0 else []
        return [self.binary(), "--nofork", "--nopid", *root, "--config", config]


class Ergo(Server):
    """Debian has no package of it: $ERGO_BIN names the program."""

    name, protocol, program = "ergo", "irc", "ergo"

    def binary(self):
        given = os.environ.get("ERGO_BIN")
        return shutil.which(given) if given else super().binary()

    def command(self, directory, port, settings, keeps):
        write(directory, "motd", "bench\n")
        config = write(
            directory,
            "ircd.yaml",
            f"""network: {{name: bench}}
server:
  name: irc.bench.invalid
  listeners: {{"127.0.0.1:{port}": {{}}}}
  motd: "{directory}/motd"
  casemapping: precis
  enforce-utf8: true
  lookup-hostnames: false
  forward-confirm-hostnames: false
  check-ident: false
  max-sendq: 64M
  compatibility: {{force-trailing: true, send-unprefixed-sasl: true}}
  ip-limits: {{count: false, throttle: false, cidr-len-ipv4: 32, cidr-len-ipv6: 64,
              max-concurrent-connections: 20000, window: 10m, max-connections-per-window: 20000}}
  ip-cloaking: {{enabled: false, netname: bench, num-bits: 64}}
  relaymsg: {{enabled: false}}
accounts:
  authentication-enabled: true
  registration: {{enabled: false, bcrypt-cost: 4}}
  login-throttling: {{enabled: false}}
  nick-reservation: {{enabled: false}}
  multiclient: {{enabled: false}}
  vhosts: {{enabled: false}}
channels:
  default-modes: +nt
  max-channels-per-client: 100
  operator-only-creation: false
  registration: {{enabled: false}}
fakelag: {{enabled: false}}
history: {{enabled: false}}
datastore: {{path: "{directory}/ircd.db", autoupgrade: true}}
languages: {{enabled: false, default: en, path: languages}}
debug: {{recover-from-errors: true}}
limits: {{nicklen: 32, identlen: 20, realnamelen: 150, channellen: 64, awaylen: 390, kicklen: 390,
         topiclen: 390, monitor-entries: 100, whowas-entries: 100, chan-list-modes: 100,
         registration-messages: 1024, multiline: {{max-bytes: 4096, max-lines: 100}}}}
logging:
  - {{method: stderr, type: "* -userinput -useroutput", level: warn}}
lock-file: "{directory}/ircd.lock"
""",
        )
        made = subprocess.run(
            [self.binary(), "initdb", "--conf", config, "--quiet"],
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        if made.returncode != 0:
            raise NotStarted(made.stderr.strip() or made.stdout.strip())
        return [self.binary(), "run", "--conf", config, "--quiet"]


RIVALS = [Redis(), Nats(), Inspircd(), Ngircd(), Ergo(), Mosquitto()]


def stop(process):
    """Ends it and waits until it is gone."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)


def listens(port):
    """Whether somebody listens on the port; the listener does not notice that we ask."""
    with open("/proc/net/tcp") as table:
        return any(
            fields[1].endswith(f":{port:04X}") and fields[3] == "0A"
            for fields in (line.split() for line in table)
        )


def is_free(port):
    with socket.socket() as candidate:
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def last_words(log):
    """What a server said last, without the place where it ran."""
    with open(log, errors="replace") as file:
        said = file.read().replace(os.path.dirname(log), ".")
    return " / ".join(said.strip().splitlines()[-3:])
