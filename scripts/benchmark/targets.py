"""What the project has set itself, held against the medians of one series."""

from figures import median, number, ratio, times, values
from plans import PLANS

OURS = "chatd"


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
            *self.slow(),
            self.flat(1),
            self.flat(64),
            self.held(),
            self.nothing_lost(),
        ]

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
        asked = [
            self.median("slow-1000", f"slow.{what}", case="10 do not read")
            for what in ("cut_off", "told")
        ]
        measured = None if None in asked else f"{number(asked[0])} cut, {number(asked[1])} told"
        yield "those 10 are cut and told", "10 each", measured, measured and asked == [10, 10]

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
        held = values(runs, "connections")
        cut = values(runs, "cut_off") + values(runs, "refused")
        if not held:
            return "connections held at a time", "15,000", None, None
        return (
            "connections held at a time",
            "15,000",
            number(min(held)),
            min(held) == 15_000 and not any(cut),
        )

    def nothing_lost(self):
        ours = [run for run in self.store.runs if run["server"] == OURS]
        harm = sum(sum(values(ours, what)) for what in ("lost", "duplicated", "out_of_order"))
        deliveries = sum(values(ours, "deliveries"))
        measured = f"{number(harm)} of {number(deliveries)}" if deliveries else None
        return (
            "deliveries lost, twice or out of order",
            "0",
            measured,
            harm == 0 if deliveries else None,
        )

    def at_most(self, what, plan, path, most, unit, case=""):
        ours = self.median(plan, path, case=case)
        return (
            what,
            f"{number(most)} {unit}",
            ours and f"{number(ours)} {unit}",
            None if ours is None else ours <= most,
        )

    def against(self, what, plan, path, most, rival):
        return self.ratio_at_most(
            what, self.median(plan, path), self.median(plan, path, rival), most, rival
        )

    def against_best(self, what, plan, path):
        """Against whoever of the rivals is best in this plan."""
        rivals = {run["server"] for run in self.store.runs if run["plan"] == plan} - {OURS}
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


def plan_named(name):
    return next(plan for plan in PLANS if plan.name == name)
