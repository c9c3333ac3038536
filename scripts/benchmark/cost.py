"""What a server that keeps things costs beyond what the tool sees: bytes on the disk, commits, and the
work that is left when the last message was answered."""

import http.client
import json
import os
import socket
import time

# Quiet is who uses less than this share of a core, for so many looks in a row.
QUIET_SHARE = 0.02
QUIET_LOOKS = 3
LOOK_SECONDS = 0.1
QUIET_SECONDS_MAX = 20


class Bill:
    """What a process has used since it was opened."""

    def __init__(self, pid, admin_socket):
        self.pid, self.admin_socket = pid, admin_socket
        self.bytes_before = disk_bytes(pid)
        self.commits_before = commits(admin_socket)

    def close(self, result):
        """Adds to the tool's result what it does not know. Counts are of the whole run, so messages of
        the warm-up, of which only the durable scenario tells, are in what is divided by them."""
        seconds = result.get("server_cpu", {}).get("seconds", 0)
        after_ns = until_quiet(self.pid)
        messages = result.get("acknowledged") or result.get("messages") or 0
        found = {"after_ms": after_ns / 1e6, "threads_ms": threads(self.pid)}
        if messages:
            found["after_us"] = after_ns / 1e3 / messages
        if deliveries := result.get("deliveries"):
            found["ns_per_delivery_in_all"] = (seconds * 1e9 + after_ns) / deliveries
        written = disk_bytes(self.pid)
        if messages and written is not None and self.bytes_before is not None:
            found["disk_bytes"] = (written - self.bytes_before) / messages
        now = commits(self.admin_socket)
        if now and self.commits_before and now[0] > self.commits_before[0]:
            records = now[1] - self.commits_before[1]
            found["batch"] = records / (now[0] - self.commits_before[0])
        result["cost"] = found


def until_quiet(pid):
    """Nanoseconds of CPU that a process uses until it is quiet."""
    begun = last = cpu_ns(pid)
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    looks = 0
    while looks < QUIET_LOOKS and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        now = cpu_ns(pid)
        looks = looks + 1 if now - last < QUIET_SHARE * LOOK_SECONDS * 1e9 else 0
        last = now
    return last - begun


def cpu_ns(pid):
    return sum(ns for _, ns in each_thread(pid))


def threads(pid):
    """Milliseconds of CPU since the start by the threads' names."""
    found = {}
    for name, ns in each_thread(pid):
        found[name] = round(found.get(name, 0) + ns / 1e6, 1)
    return found


def each_thread(pid):
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as times:
                ns = int(times.read().split()[0])
            with open(f"/proc/{pid}/task/{thread}/comm") as name:
                yield name.read().strip(), ns
        except OSError:  # it has ended meanwhile
            continue


def disk_bytes(pid):
    """Bytes that it has sent to a disk; None where that may not be seen."""
    try:
        with open(f"/proc/{pid}/io") as counts:
            words = dict(line.split(": ") for line in counts)
        return int(words["write_bytes"])
    except OSError:
        return None


def commits(admin_socket):
    """Commits of chatd and the records in them; None for other servers, or an older chatd."""
    if not admin_socket or not os.path.exists(admin_socket):
        return None
    connection = http.client.HTTPConnection("localhost", timeout=5)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(5)
    try:
        connection.sock.connect(admin_socket)
        connection.request("GET", "/v1/stats")
        told = json.loads(connection.getresponse().read()).get("history") or {}
        return told["commits"], told["kept"]
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return None
    finally:
        connection.close()
