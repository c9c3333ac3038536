"""benches/disk as one of those that are measured: a bare loop that appends and synchronises, in the
same plans and turns as the servers, on the same disk."""

import json
import subprocess

import machine
import servers
from figures import values

# About a line of ours for a text of 64 bytes.
LINE_BYTES = 200
SECONDS_MAX = 120


class Disk:
    """Takes all lines that wait; `like` names the server whose batches it has instead."""

    protocol = "disk"
    concurrency = 1

    def __init__(self, program, store, like=None):
        self.program, self.store, self.like = program, store, like
        self.name = f"disk, batches of {like}" if like else "disk"

    def version(self):
        return "append and fdatasync"

    def measure(self, plan, directory, options):
        """One run, in place of a server's and the tool's."""
        asked = plan.options
        command = [
            *machine.dies_with_us(),
            *machine.pinned(options.server_core),
            self.program,
            f"--directory={directory}",
            f"--writers={asked['writers']}",
            f"--line-bytes={LINE_BYTES}",
            f"--duration-ms={milliseconds(asked['duration'])}",
            *self.batch(plan),
        ]
        said = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS_MAX
        )
        result = json.loads(said.stdout)
        result["cost"] = {
            "batch": result["messages"] / result["commits"],
            "disk_bytes": LINE_BYTES,
        }
        return result

    def batch(self, plan):
        if not self.like:
            return []
        runs = self.store.of(plan.name, self.like, "")
        batches = values(runs, "cost.batch")
        if not batches:
            raise servers.Refused(f"nobody knows how large the batches of {self.like} were")
        return [f"--batch={max(1, round(batches[-1]))}"]


def milliseconds(duration):
    return int(duration[:-2]) if duration.endswith("ms") else 1000 * int(duration[:-1])
