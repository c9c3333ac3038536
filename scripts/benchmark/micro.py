"""The benchmarks without a server, benches/floor and benches/hot_path. They measure themselves;
here they are run and their figures kept."""

import json
import os
import subprocess
import sys

import machine

SECONDS_MAX = 600


def floor(program, store, options):
    """What the bare system calls cost."""
    if store.has("floor"):
        return
    print("floor", file=sys.stderr)
    command = [program, "--json"]
    if (os.cpu_count() or 1) < 2:
        command += ["--cores", "0,0"]
    else:
        command += ["--cores", f"{options.server_core},{options.tool_core}"]
    command += (
        ["--quick", "--reps", "1"] if options.quick else ["--reps", str(max(options.reps, 5))]
    )
    said = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS_MAX
    )
    store.note(floor=[json.loads(line) for line in said.stdout.splitlines()])


def hot_path(program, store, options, out):
    """What a message costs before any system call."""
    if store.has("hot_path"):
        return
    print("hot-path", file=sys.stderr)
    environment = {**os.environ, "CRITERION_HOME": os.path.join(out, "criterion")}
    # Without --bench criterion runs each once and measures nothing.
    measured = ["--bench", "--noplot", "--warm-up-time", "1", "--measurement-time", "3"]
    subprocess.run(
        [*machine.pinned(options.server_core), program, *([] if options.quick else measured)],
        stdout=subprocess.DEVNULL,
        env=environment,
        check=True,
        timeout=SECONDS_MAX,
    )
    if not options.quick:
        store.note(hot_path=estimates(environment["CRITERION_HOME"]))


def estimates(home):
    """Nanoseconds by benchmark, as criterion left them."""
    found = {}
    for directory, _, files in os.walk(home):
        if os.path.basename(directory) != "new" or "estimates.json" not in files:
            continue
        with open(os.path.join(directory, "benchmark.json")) as file:
            name = json.load(file)["full_id"]
        with open(os.path.join(directory, "estimates.json")) as file:
            median = json.load(file)["median"]
        interval = median["confidence_interval"]
        found[name] = [median["point_estimate"], interval["lower_bound"], interval["upper_bound"]]
    return found
