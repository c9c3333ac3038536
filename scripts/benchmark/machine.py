"""The machine that is measured on: what it is, its cores, and our own binaries on it."""

import datetime
import json
import os
import platform
import shutil
import subprocess


def describe():
    """Its shape, for those who compare figures; no name and no path."""
    with open("/proc/cpuinfo") as cpus:
        models = [line.split(":", 1)[1].strip() for line in cpus if line.startswith("model name")]
    with open("/proc/meminfo") as memory:
        kib = int(memory.readline().split()[1])
    return {
        "date": datetime.date.today().isoformat(),
        "cores": os.cpu_count(),
        "cpu": models[0] if models else platform.machine(),
        "memory_gib": round(kib / 1024 / 1024),
        "kernel": platform.release().split("-")[0],
        "revision": revision(),
    }


def revision():
    """What is checked out, with a + where it was changed since; ? outside of a clone."""
    try:
        head = git("rev-parse", "--short", "HEAD").strip()
        changed = git("status", "--porcelain", "--untracked-files=no", "src", "Cargo.lock").strip()
        return head + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "?"


def git(*words):
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout


def build(release):
    """Builds everything and returns the programs by name."""
    benches = [f"--bench={name}" for name in ("floor", "hot_path", "disk", "history_fill")]
    what = ["--bins", *benches] + (["--release"] if release else [])
    done = subprocess.run(
        ["cargo", "build", "--locked", "--message-format=json-render-diagnostics", *what],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    programs = {}
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable"):
            programs[message["target"]["name"]] = message["executable"]
    return programs


def file_system(directory):
    """The kind of file system that a directory is on: `ext4`; `?` where that cannot be told."""
    asked = ["stat", "--file-system", "--format=%T", directory]
    told = subprocess.run(asked, capture_output=True, text=True)
    return told.stdout.strip() or "?"


def is_memory(file_system):
    """What is synchronised there costs nothing, and proves nothing."""
    return file_system in ("tmpfs", "ramfs")


def pinned(core):
    """The words before a command that keep it on one core, where there is a choice."""
    if core is None or (os.cpu_count() or 1) < 2:
        return []
    return ["taskset", "--cpu-list", str(core)]


def ahead_of_all():
    """The words before a command that put it before all others; none where that is forbidden."""
    words = ["chrt", "--fifo", "10"]
    if not shutil.which("chrt"):
        return []
    allowed = subprocess.run([*words, "true"], stderr=subprocess.DEVNULL).returncode == 0
    return words if allowed else []


def dies_with_us():
    """The words before a command that end it when this script is killed and cannot do so itself."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
