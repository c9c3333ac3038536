"""What is measured: one entry per table, in the order in which the tables are shown.

A plan is a scenario of `chatctl bench` with its options. Its columns name values of the tool's JSON
by their path; the first is the primary one, whose spread is shown; smaller is better unless the plan
says otherwise.
"""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Column:
    title: str
    path: str
    # How runs are put together: the median, or the worst for what must not happen even once.
    worst: bool = False


@dataclass(frozen=True)
class Case:
    """One row of a plan that compares our daemon with itself."""

    label: str
    options: dict = field(default_factory=dict)
    # Settings of the daemon.
    settings: tuple = ()


@dataclass(frozen=True)
class Plan:
    name: str
    what: str
    scenario: str
    options: dict
    columns: tuple
    # Protocols that can be asked for this.
    protocols: tuple = ("chat", "irc", "redis", "nats", "mqtt")
    cases: tuple = (Case(""),)
    # Options of another fan-out, by a tool of its own, that keeps the server busy meanwhile.
    beside: dict | None = None
    # Server and tool above everything else on the machine, so that a delay is theirs.
    real_time: bool = False
    # What the smoke form changes; None leaves the plan out.
    quick: dict | None = None
    quick_beside: dict = field(default_factory=dict)
    # Sockets and batch of the bare loop that this compares with.
    floor: tuple | None = None
    # Longest run in seconds, with setting up.
    seconds_max: int = 60
    # Servers keep what is said: their directories are on the disk that is measured, and what they still
    # do after the end is part of the bill.
    keeps: bool = False
    # Of the first column.
    more_is_better: bool = False

    def smoke(self):
        """Its first case in about a second, to prove that it runs."""
        return replace(
            self,
            options={**self.options, **self.quick},
            beside=self.beside and {**self.beside, **self.quick_beside},
            # With the history on where there is one.
            cases=self.cases[1:2] if self.keeps and len(self.cases) > 1 else self.cases[:1],
            real_time=False,
        )


HARM = (
    Column("lost", "lost", worst=True),
    Column("twice", "duplicated", worst=True),
    Column("out of order", "out_of_order", worst=True),
)
# What nobody may be found to have done, in any run.
HARMFUL = ("lost", "duplicated", "out_of_order", "refused", "private.lost")
BUSY = (Column("server busy", "server_cpu.busy"), Column("tool busy", "client_busy"))
FANOUT = (
    Column("CPU ns per delivery", "server_cpu.ns_per_delivery"),
    Column("deliveries/s", "deliveries_per_s"),
    Column("CPU µs per message", "server_cpu.us_per_message"),
    Column("p50 µs", "latency_us.p50"),
    Column("bytes per delivery", "bytes_per_delivery"),
    *HARM,
    *BUSY,
)
LATENCY = (
    Column("p50 µs", "latency_us.p50"),
    Column("p99 µs", "latency_us.p99"),
    Column("p99.9 µs", "latency_us.p999"),
    Column("most µs", "latency_us.max"),
    Column("CPU µs per message", "server_cpu.us_per_message"),
    *HARM,
    BUSY[0],
)
CONNECT = (
    Column("CPU µs per connection", "server_cpu.us_per_connection"),
    Column("connections/s", "connections_per_s"),
    Column("cut off", "cut_off", worst=True),
)
IDLE = (
    Column("KiB per connection", "server_memory.kib_per_connection"),
    Column("RSS before, KiB", "server_memory.rss_kib_before"),
    Column("RSS after, KiB", "server_memory.rss_kib_after"),
    Column("idle CPU ms/s", "server_cpu.ms_per_s"),
    Column("connections", "connections"),
    Column("cut off", "cut_off", worst=True),
)
DURABLE = (
    Column("p50 µs", "latency_us.p50"),
    Column("p99 µs", "latency_us.p99"),
    Column("p99.9 µs", "latency_us.p999"),
    Column("CPU µs per message", "server_cpu.us_per_message"),
    Column("and afterwards", "cost.after_us"),
    Column("disk bytes per message", "cost.disk_bytes"),
    Column("messages per commit", "cost.batch"),
    Column("refused", "refused", worst=True),
    *HARM,
    *BUSY,
)
KEEPING = ("chat", "redis", "nats", "disk")
OURS = ("chat",)
SMOKE = {"duration": "500ms", "warmup": "100ms"}


def fanout(publishers, subscribers, window, duration="3s"):
    return {
        "publishers": publishers,
        "subscribers": subscribers,
        "window": window,
        "duration": duration,
    }


def latency(rate):
    return Plan(
        name=f"latency-{rate}",
        what=f"Open loop: {rate} messages/s by 10 publishers to 100 subscribers, each delivery "
        "timed from when its message should have been sent.",
        scenario="fanout",
        options={"publishers": 10, "subscribers": 100, "rate": rate, "duration": "5s"},
        columns=LATENCY,
        real_time=True,
        quick=SMOKE if rate == 200 else None,
    )


def history_case(subscribers, window, durability):
    return Case(
        f"{subscribers} x {window} {durability}",
        {"subscribers": subscribers, "window": window},
        (f"history.durability={durability}",),
    )


def durable(writers, columns, more_is_better):
    return Plan(
        name=f"durable-{writers}",
        what=f"{writers} writers, each in a room or stream of its own and with one message on its way: "
        "the next one when the server has said that the last is on the disk, after an fsync. Then "
        "the server is asked for all of them. `disk` is a bare loop on the same disk that appends the "
        "lines that wait, in one write with one fdatasync: all of them, or as many as chatd had in a "
        "commit.",
        scenario="durable",
        options={"writers": writers, "warmup": "1s", "duration": "5s"},
        columns=columns,
        protocols=KEEPING,
        quick={"writers": min(writers, 20), **SMOKE},
        keeps=True,
        more_is_better=more_is_better,
    )


PLANS = (
    Plan(
        name="fanout-100x1-w1",
        what="One publisher, 100 subscribers, the next message when the last was heard by all: "
        "nothing can be gathered.",
        scenario="fanout",
        options=fanout(1, 100, 1),
        columns=FANOUT,
        quick=SMOKE,
        floor=(100, 1),
    ),
    Plan(
        name="fanout-100x1-w64",
        what="One publisher with 64 messages on their way, 100 subscribers.",
        scenario="fanout",
        options=fanout(1, 100, 64),
        columns=FANOUT,
        quick=SMOKE,
        floor=(100, 64),
    ),
    Plan(
        name="fanout-100x10-w64",
        what="Ten publishers with 64 messages each on their way, 100 subscribers.",
        scenario="fanout",
        options=fanout(10, 100, 64),
        columns=FANOUT,
        quick=SMOKE,
        floor=(100, 640),
    ),
    Plan(
        name="fanout-1000x1-w64",
        what="One publisher with 64 messages on their way, 1000 subscribers.",
        scenario="fanout",
        options=fanout(1, 1000, 64, "4s"),
        columns=FANOUT,
        floor=(1000, 64),
    ),
    Plan(
        name="fanout-1000x10-w64",
        what="Ten publishers with 64 messages each on their way, 1000 subscribers.",
        scenario="fanout",
        options=fanout(10, 1000, 64, "4s"),
        columns=FANOUT,
    ),
    latency(200),
    latency(500),
    Plan(
        name="connect-1000",
        what="1000 clients connect, log in and join rooms of 10.",
        scenario="connect",
        options={"connections": 1000, "room-size": 10},
        columns=CONNECT,
        quick={"connections": 200},
    ),
    Plan(
        name="connect-lobby",
        what="1000 clients connect, log in and enter a room: each one of their own, so that nobody "
        "is told, or all the default room, which makes half a million notices.",
        scenario="connect",
        options={"connections": 1000, "room-size": 0},
        columns=CONNECT,
        protocols=OURS,
        cases=(Case("alone", {"room-size": 1}), Case("default room")),
        quick={"connections": 200},
    ),
    Plan(
        name="idle-10000",
        what="10,000 joined clients in rooms of 10 that say nothing for 10 seconds.",
        scenario="idle",
        options={"connections": 10_000, "room-size": 10, "duration": "10s"},
        columns=IDLE,
        quick={"connections": 300, "duration": "1s"},
        seconds_max=150,
    ),
    Plan(
        name="churn-100",
        what="In a room of 110, where 100 listen, 10 clients leave and join again, each as soon as "
        "it has its own answer. chatd gives that at once, and may hold the news for the others for "
        "some milliseconds and tell it together; each must have heard all of it in the end.",
        scenario="churn",
        options={"members": 100, "churners": 10, "duration": "3s"},
        columns=(
            Column("CPU µs per cycle", "server_cpu.us_per_cycle"),
            Column("cycles/s", "cycles_per_s"),
            *HARM,
            *BUSY,
        ),
        protocols=("chat", "irc"),
        quick=SMOKE,
    ),
    Plan(
        name="flat",
        what="Does a delivery cost the same in a room of any size? One publisher, with one message or "
        "64 on their way.",
        scenario="fanout",
        options=fanout(1, 100, 64, "3s"),
        columns=FANOUT,
        protocols=OURS,
        cases=tuple(
            Case(f"{window} to {n} members", {"subscribers": n, "window": window})
            for window in (1, 64)
            for n in (10, 100, 1000, 9000)
        ),
        quick=SMOKE,
    ),
    Plan(
        name="private-while-9000",
        what="A room of 9000 is flushed without a pause; beside it two others send each other 100 "
        "private messages a second. They have a tool of their own, since the one that reads the "
        "room has not a moment to spare.",
        scenario="fanout",
        options={
            "publishers": 1,
            "subscribers": 1,
            "rate": 1,
            "private-rate": 100,
            "duration": "8s",
        },
        beside=fanout(1, 9000, 64, "14s"),
        columns=(
            Column("private p99 µs", "private_latency_us.p99"),
            Column("private p50 µs", "private_latency_us.p50"),
            Column("private most µs", "private_latency_us.max"),
            Column("private messages", "private_latency_us.count"),
            Column("of them lost", "private.lost", worst=True),
            Column("room's deliveries/s", "beside.deliveries_per_s"),
            *HARM,
            BUSY[0],
        ),
        protocols=OURS,
        real_time=True,
        quick={**SMOKE, "duration": "2s"},
        quick_beside={"subscribers": 200, "duration": "4s"},
    ),
    Plan(
        name="slow-1000",
        what="1000 members hear 60 messages/s of 4000 bytes; all read, or 10 of them never do.",
        scenario="fanout",
        options={
            "publishers": 1,
            "subscribers": 1000,
            "rate": 60,
            "size": 4000,
            "duration": "25s",
        },
        columns=(
            Column("p99 µs", "latency_us.p99"),
            Column("p50 µs", "latency_us.p50"),
            Column("most µs", "latency_us.max"),
            Column("slow", "slow.asked"),
            Column("of them cut", "slow.cut_off"),
            Column("told", "slow.told"),
            Column("RSS before, KiB", "server_memory.rss_kib_before"),
            Column("RSS after, KiB", "server_memory.rss_kib_after"),
            *HARM,
            BUSY[0],
        ),
        protocols=OURS,
        # They read again at the end of the run, and are to find there what they were told.
        cases=(
            Case("all read", settings=("server.shutdown_grace=60s",)),
            Case("10 do not read", {"slow": 10}, settings=("server.shutdown_grace=60s",)),
        ),
        real_time=True,
        quick={"subscribers": 50, **SMOKE},
    ),
    Plan(
        name="many-15000",
        what="15,000 joined clients in rooms of 10, held for 10 seconds.",
        scenario="idle",
        options={"connections": 15_000, "room-size": 10, "duration": "10s"},
        columns=IDLE,
        protocols=OURS,
        seconds_max=150,
    ),
    Plan(
        name="rooms-1000",
        what="1000 rooms at once, each with 5 subscribers and a publisher (4 messages on the way).",
        scenario="fanout",
        options={**fanout(1000, 5000, 4, "4s"), "rooms": 1000},
        columns=FANOUT,
        protocols=OURS,
        quick={"publishers": 20, "subscribers": 100, "rooms": 20, **SMOKE},
    ),
    Plan(
        name="io-threads",
        what="The daemon with one and with two threads for its sockets. All threads of the server "
        "share one core here, as before (the tool has the other): this shows what it costs to hand "
        "the work over, not what a second core would gain.",
        scenario="fanout",
        options=fanout(1, 1000, 64, "4s"),
        columns=FANOUT,
        protocols=OURS,
        cases=tuple(
            Case(f"io_threads = {n}", settings=(f"server.io_threads={n}",)) for n in (1, 2)
        ),
        quick={"subscribers": 100, **SMOKE},
    ),
    durable(100, (Column("acks/s", "acks_per_s"), *DURABLE), more_is_better=True),
    durable(1, (DURABLE[1], DURABLE[0], Column("acks/s", "acks_per_s"), *DURABLE[2:]), False),
    Plan(
        name="durable-fanout",
        what="What keeping what is said costs those who hear it: hearers x messages on their way, with "
        "the history off, and on, on one core. \"In all\" counts the work too that is left when all has "
        "been heard: the search index follows when there is time.",
        scenario="fanout",
        options=fanout(1, 100, 64),
        columns=(
            FANOUT[0],
            Column("in all", "cost.ns_per_delivery_in_all"),
            *FANOUT[1:4],
            Column("index behind, CPU ms", "cost.after_ms"),
            Column("disk bytes per message", "cost.disk_bytes"),
            Column("messages per commit", "cost.batch"),
            *HARM,
            *BUSY,
        ),
        protocols=OURS,
        cases=tuple(
            history_case(subscribers, window, durability)
            for subscribers, window in ((100, 64), (100, 1), (1000, 64))
            for durability in ("off", "commit")
        )
        + (history_case(100, 64, "relaxed"),),
        quick=SMOKE,
        keeps=True,
    ),
)

# Names for several of them.
GROUPS = {
    "history": ["deep", *(plan.name for plan in PLANS if plan.keeps)],
    "durable": [plan.name for plan in PLANS if plan.keeps],
    "irc": [
        "fanout-100x1-w1",
        "fanout-100x1-w64",
        "fanout-100x10-w64",
        "connect-1000",
        "idle-10000",
        "churn-100",
    ],
}


def value(result, path):
    """The value at a path such as `latency_us.p50`, or None."""
    for key in path.split("."):
        if not isinstance(result, dict):
            return None
        result = result.get(key)
    return result
