# A real systemd on a machine whose own first process is something else: sourced by tests/systemd/run.
#
# machine_mount DIR   makes DIR a writable copy of the cached root (an overlay in memory)
# machine_boot DIR    boots systemd in it, in namespaces of its own, and waits until it is up
# inside COMMAND…     runs a command in it, as root, from its /, for two minutes at most
# enter COMMAND…      the same without an end: for a shell
# machine_end         kills it and removes its control groups; mounts go with their namespace
#
# The caller must already be in a mount namespace of its own, so that whatever is mounted here is
# gone when it ends, however it ends. The network namespace has nothing but its own loopback, so
# the port of a chatd that runs outside is not in the way.

machine_pid=
machine_groups=

machine_mount() {
    local dir=$1 lower
    lower=$("$project/scripts/systemd-root") || return 1
    mkdir -p "$dir"
    mount -t tmpfs -o mode=0755 tmpfs "$dir"
    mkdir "$dir/upper" "$dir/work" "$dir/root"
    mount -t overlay -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" overlay "$dir/root"
}

machine_boot() {
    local dir=$1 unified=$1/cgroup deadline launcher
    # Its control groups hang below one of ours: it sees that one as the root of all.
    mkdir "$unified"
    mount -t cgroup2 cgroup2 "$unified"
    machine_groups=$unified/chatd-test-$$
    mkdir "$machine_groups"
    (
        echo "$BASHPID" >"$machine_groups/cgroup.procs"
        # Dies with us, and the machine with it, even if we are killed and no trap runs.
        exec setpriv --pdeathsig KILL \
            unshare --mount --pid --cgroup --uts --ipc --net --fork --kill-child \
            "$project/tests/systemd/init" "$dir/root"
    ) </dev/null >"$dir/boot.log" 2>&1 &
    launcher=$!
    deadline=$((SECONDS + 60))
    # unshare has one child: PID 1 of the new machine.
    until machine_pid=$(cat "/proc/$launcher/task/$launcher/children" 2>/dev/null) &&
        machine_pid=${machine_pid%% *} && [ -n "$machine_pid" ] &&
        [ "$(cat "/proc/$machine_pid/comm" 2>/dev/null)" = systemd ]; do
        machine_waits "$dir" "$launcher" "$deadline" || return 1
    done
    until inside systemctl is-system-running 2>/dev/null | grep -qE '^(running|degraded)$'; do
        machine_waits "$dir" "$launcher" "$deadline" || return 1
    done
}

# One short wait for the boot, unless it has failed or takes too long.
machine_waits() {
    local dir=$1 launcher=$2 deadline=$3
    if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$launcher" 2>/dev/null; then
        echo "systemd did not boot:" >&2
        tail -n 20 "$dir/boot.log" >&2
        return 1
    fi
    sleep 0.05
}

inside() {
    timeout --kill-after=5 120 "${machine_door[@]}" --target "$machine_pid" "${machine_room[@]}" "$@"
}

enter() { "${machine_door[@]}" --target "$machine_pid" "${machine_room[@]}" "$@"; }

machine_door=(nsenter --mount --pid --uts --ipc --net --wdns=/)
machine_room=(-- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8)

machine_end() {
    local deadline=$((SECONDS + 10))
    if [ -n "$machine_pid" ]; then
        kill -KILL "$machine_pid" 2>/dev/null    # the kernel takes all its processes with it
    fi
    [ -n "$machine_groups" ] || return 0
    # A group can be removed once its last process is reaped, children first.
    until find "$machine_groups" -depth -type d -exec rmdir {} + 2>/dev/null ||
        [ ! -d "$machine_groups" ]; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "could not remove $machine_groups" >&2; return 1; }
        sleep 0.05
    done
}
