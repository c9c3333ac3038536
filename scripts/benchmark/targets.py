"""What the project has set itself, held against the medians of one series."""

from figures import good, harm, median, number, ratio, times, values
from plans import PLANS

OURS = "chatd"
OURS_AS_IRC = "chatd-irc"
# Of a history that the targets are about.
DEEP_MESSAGES = 10_000_000


class Targets:
    """Each method gives rows: the target, what was measured, and whether it is met (None: not
    measured)."""

    def __init__(self, store):
        self.store = store

    def rows(self):
        return [
            *self.fanout(),
            *self.latency(),
            self.at_most(
                "private message beside a room of 9000, p99",
                "private-while-9000",
                "private_latency_us.p99",
                5000,
                "µs",
            ),
            self.at_most(
                "idle connection, of 10,000",
                "idle-10000",
                "server_memory.kib_per_connection",
                1.1,
                "KiB",
            ),
            self.at_most(
                "CPU while 10,000 are silent", "idle-10000", "server_cpu.ms_per_s", 1, "ms/s"
            ),
            *self.connect(),
            self.against(
                "churn in a room of 100", "churn-100", "server_cpu.us_per_cycle", 0.5, "ngircd"
            ),
            *self.irc(),
            *self.slow(),
            self.flat(1),
            self.flat(64),
            self.held(),
            *self.durable(),
            *self.history(),
            *self.deep(),
            self.nothing_lost(),
        ]

    def durable(self):
        """More is better here, so the best is what the others are held against."""
        plan, path = "durable-100", "acks_per_s"
        what, ours = "durable messages per second, 100 writers", self.median(plan, path)
        for rivals in (("redis", "nats"), ("disk",), (f"disk, batches of {OURS}",)):
            found = {rival: self.median(plan, path, rival) for rival in rivals}
            found = {rival: figure for rival, figure in found.items() if figure is not None}
            best = max(found, key=found.get, default=None)
            whom = best or " or ".join(rivals)
            asked, reached = f"at least {times(1)} {whom}", ratio(ours, found.get(best))
            if reached is None:
                yield what, asked, None, None
            else:
                yield what, asked, times(reached, digits=3), reached >= 1
        for percentile in ("p99", "p50"):
            path = f"latency_us.{percentile}"
            yield self.against(
                f"until a message is on the disk, one writer, {percentile}",
                "durable-1",
                path,
                2,
                "disk",
            )

    def history(self):
        """The history's share of what a delivery costs."""
        cases = plan_named("durable-fanout").cases
        off = {case.label.removesuffix(" off"): case.label for case in cases if "off" in case.label}
        for shape, without in off.items():
            for path, words in (
                ("server_cpu.ns_per_delivery", ""),
                ("cost.ns_per_delivery_in_all", ", with what it does afterwards"),
            ):
                yield self.ratio_at_most(
                    f"CPU per delivery with the history on, {shape}{words}",
                    self.median("durable-fanout", path, case=f"{shape} commit"),
                    self.median("durable-fanout", path, case=without),
                    1.3,
                    "with it off",
                )

    def deep(self):
        """Answers of a history of ten million; a smaller one proves nothing."""
        found = self.store.notes.get("deep") or {}
        if found and found["made"]["messages"] < DEEP_MESSAGES:
            found = {}
        for what, question, most in (
            ("a page of a room's history", "page", 5),
            ("a page of a private conversation", "private page", 5),
            ("a search for a rare word", "rare word", 50),
            ("the first page of a frequent word", "frequent word", 100),
            ("the same in one room", "frequent word in a room", 100),
        ):
            for asks, percentile, how in (
                ("asks", "p99", "from memory"),
                ("asks_cold", "p50", "from the disk"),
            ):
                measured = found.get(asks, {}).get(question, {}).get(f"{percentile}_ms")
                yield bound(f"{what}, {how}, {percentile}", measured, most, "ms")
        start = found.get("start_ms", {}).get("cold")
        yield bound("start with a deep history, nothing in memory", start, 1000, "ms")
        rss = found.get("rss_kib")
        yield bound("RSS with a deep history", rss and rss / 1024, 100, "MiB")

    def fanout(self):
        path = "server_cpu.ns_per_delivery"
        for plan, most in (
            ("fanout-100x1-w64", 0.6),
            ("fanout-1000x1-w64", 0.6),
            ("fanout-100x10-w64", 0.2),
        ):
            yield self.against(f"CPU per delivery, {plan}", plan, path, most, "redis")
        plan = "fanout-100x1-w1"
        yield self.against_best(f"CPU per delivery, {plan}", plan, path)

    def irc(self):
        """The same daemon by the protocol that most of its rivals speak."""
        path = "server_cpu.ns_per_delivery"
        for plan, most, rival in (
            ("fanout-100x1-w64", 0.6, "redis"),
            ("fanout-100x10-w64", 0.2, "redis"),
            ("fanout-100x1-w64", 1 / 20, "ergo"),
            ("fanout-100x1-w1", 1, "inspircd"),
            ("churn-100", 0.5, "ngircd"),
            ("connect-1000", 1, "inspircd"),
        ):
            its = {"churn-100": "us_per_cycle", "connect-1000": "us_per_connection"}.get(plan)
            its = f"server_cpu.{its}" if its else path
            yield self.ratio_at_most(
                f"IRC: CPU, {plan}",
                self.median(plan, its, OURS_AS_IRC),
                self.median(plan, its, rival),
                most,
                rival,
            )
        idle = self.median("idle-10000", "server_memory.kib_per_connection", OURS_AS_IRC)
        yield bound("IRC: idle connection, of 10,000", idle, 1.3, "KiB")

    def latency(self):
        for plan in ("latency-200", "latency-500"):
            for percentile in ("p50", "p99"):
                yield self.against_best(f"{plan}, {percentile}", plan, f"latency_us.{percentile}")

    def connect(self):
        path, plan = "server_cpu.us_per_connection", "connect-lobby"
        yield self.at_most("connect, log in, enter an empty room", plan, path, 60, "µs", "alone")
        yield self.at_most(
            "connect, log in, enter the default room with 1000",
            plan,
            path,
            60,
            "µs",
            "default room",
        )

    def slow(self):
        path = "latency_us.p99"
        without = self.median("slow-1000", path, case="all read")
        beside = self.median("slow-1000", path, case="10 do not read")
        yield self.ratio_at_most(
            "the others' p99 beside 10 who do not read", beside, without, 1.1, "without them"
        )
        runs = self.store.of("slow-1000", OURS, "10 do not read")
        # The run in which it went worst: each of them counts.
        cut, told = (
            min(values(runs, path), default=None) for path in ("slow.cut_off", "slow.told")
        )
        measured = None if cut is None else f"{number(cut)} cut, {number(told)} told"
        yield "those 10 are cut and told", "10 each", measured, (cut, told) == (10, 10)

    def flat(self, window):
        what = f"CPU per delivery from 10 to 9000 members, {window} on their way"
        path = "server_cpu.ns_per_delivery"
        cases = [c for c in plan_named("flat").cases if c.options["window"] == window]
        medians = [self.median("flat", path, case=case.label) for case in cases]
        if None in medians:
            return what, "2.00 x", None, None
        spread = max(medians) / min(medians)
        return what, "2.00 x", times(spread), spread <= 2

    def held(self):
        runs = self.store.of("many-15000", OURS, "")
        what, asked = "connections held at a time", "15,000"
        if not runs:
            return what, asked, None, None
        failed = sum("error" in run for run in runs)
        held = min(values(runs, "connections"), default=0)
        cut = sum(values(runs, "cut_off"))
        measured = number(held) + (f", {number(cut)} cut off" if cut else "") + and_failed(failed)
        return what, asked, measured, held == 15_000 and not cut and not failed

    def nothing_lost(self):
        what = "messages refused, deliveries lost, twice or out of order"
        ours = [run for run in self.store.runs if run["server"] in (OURS, OURS_AS_IRC)]
        if not ours:
            return what, "0", None, None
        failed = sum("error" in run for run in ours)
        found = sum(harm(result) for result in good(ours))
        deliveries = sum(values(ours, "deliveries")) + sum(values(ours, "beside.deliveries"))
        measured = f"{number(found)} of {number(deliveries)}" + and_failed(failed)
        return what, "0", measured, found == 0 and not failed

    def at_most(self, what, plan, path, most, unit, case=""):
        ours = self.median(plan, path, case=case)
        return (
            what,
            f"{number(most)} {unit}",
            None if ours is None else f"{number(ours)} {unit}",
            None if ours is None else ours <= most,
        )

    def against(self, what, plan, path, most, rival):
        return self.ratio_at_most(
            what, self.median(plan, path), self.median(plan, path, rival), most, rival
        )

    def against_best(self, what, plan, path):
        """Against whoever of the rivals is best in this plan."""
        rivals = {run["server"] for run in self.store.runs if run["plan"] == plan} - {OURS, OURS_AS_IRC}
        medians = {rival: self.median(plan, path, rival) for rival in rivals}
        medians = {rival: figure for rival, figure in medians.items() if figure is not None}
        best = min(medians, key=medians.get, default=None)
        return self.ratio_at_most(
            what, self.median(plan, path), medians.get(best), 1, best or "the best rival"
        )

    @staticmethod
    def ratio_at_most(what, ours, other, most, rival):
        asked = f"{times(most)} {rival}"
        measured = ratio(ours, other)
        if measured is None:
            return what, asked, None, None
        # A digit more than is asked, so that a near miss looks like one.
        return what, asked, times(measured, digits=3), measured <= most

    def median(self, plan, path, server=OURS, case=""):
        return median(self.store.of(plan, server, case), path)


def bound(what, measured, most, unit):
    asked = f"{number(most)} {unit}"
    if measured is None:
        return what, asked, None, None
    return what, asked, f"{number(measured)} {unit}", measured <= most


def and_failed(count):
    """A run that failed has no figures, and nothing can be said for it."""
    return f", {number(count)} runs failed" if count else ""


def plan_named(name):
    return next(plan for plan in PLANS if plan.name == name)
