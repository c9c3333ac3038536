//! Publishers speak in rooms, subscribers listen. In a closed loop each publisher keeps so many
//! messages on their way; in an open loop messages are due at a fixed rate, whatever becomes of the
//! earlier ones. First a stretch that is not counted, then the counted one; each ends when everything
//! that was due has been sent and heard, or nothing has come for three seconds.

use anyhow::Result;

use super::course::{AFTERMATH_NS, Course, Goal};
use super::private::Private;
use super::slow;
use crate::ctl::bench::args::Bench;
use crate::ctl::bench::latency::Since;
use crate::ctl::bench::layout::Layout;
use crate::ctl::bench::ledger::{Ledger, Totals};
use crate::ctl::bench::meter::{Meter, Used};
use crate::ctl::bench::net::peer::Reading;
use crate::ctl::bench::payload::Stamp;
use crate::ctl::bench::protocol::{Frame, Heard, Place, To, Words};
use crate::ctl::bench::report::{Deliveries, Faults, Report, Setting, round};
use crate::ctl::bench::run::Run;
use crate::ctl::clock;

/// When a publisher may speak.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// While fewer of its messages than this are on their way.
    Window(u32),
    /// When it is due: so many messages a second, of all publishers in turn.
    Rate(u32),
}

/// Clients in their places, and the books.
struct Fanout<'a> {
    run: &'a mut Run,
    layout: Layout,
    pace: Pace,
    ledger: Ledger,
    /// For each publisher, what stands around its messages' texts.
    frames: Vec<Frame>,
    /// The zero of the stamps.
    origin_ns: u64,
    first_refusal: Option<Words>,
    private: Option<Private>,
}

/// What became of a stretch.
struct Stretch {
    totals: Totals,
    used: Used,
    bytes_read: u64,
    cut_short: Option<String>,
}

/// Runs it.
///
/// # Errors
/// When not all clients come in, or the event loop fails.
pub fn run(run: &mut Run, args: &Bench, report: &mut Report) -> Result<()> {
    let mut fanout = Fanout::set_up(run, args)?;
    let layout = fanout.layout;
    let count = args.messages.map_or(u64::MAX, u64::from);
    let warm_up = Goal {
        name: "warming up",
        time: args.warmup,
        count,
    };
    let counted = Goal {
        name: "measuring",
        time: args.duration,
        count,
    };
    let mut stretch = fanout.stretch(warm_up)?;
    // Faults in the warm-up are faults: then these are the figures, and what follows would hide them.
    if stretch.cut_short.is_none() && Faults::of(stretch.totals).in_words().is_none() {
        stretch = fanout.stretch(counted)?;
    }
    fanout.report(args, &stretch, report);
    if args.fanout.slow > 0 {
        report.slow = Some(slow::read_out(run, &layout)?);
    }
    Ok(())
}

impl<'a> Fanout<'a> {
    fn set_up(run: &'a mut Run, args: &Bench) -> Result<Self> {
        let asked = &args.fanout;
        let layout = Layout {
            publishers: asked.publishers,
            subscribers: asked.subscribers,
            slow: asked.slow,
            rooms: asked.rooms,
            members: run.net.speech.publishers_are_members(),
            echoes: run.net.speech.echoes(),
        };
        let pace = asked.rate.map_or(Pace::Window(asked.window), Pace::Rate);
        let window = match pace {
            Pace::Window(window) => Some(window),
            Pace::Rate(_) => None,
        };
        run.admit(
            (layout.subscribers + layout.publishers) as usize,
            |client| {
                let is_member = client < layout.listeners();
                let room = Place::Room(layout.room(client));
                let place = if is_member { room } else { Place::Nowhere };
                let reading = match layout.is_slow(client) {
                    true => Reading::UntilIn,
                    false => Reading::Always,
                };
                (place, reading)
            },
        )?;
        let private = asked.private_rate.map(|rate| Private::set_up(run, rate));
        let private = private.transpose()?;
        run.settle()?;
        let frames = (0..layout.publishers)
            .map(|publisher| run.net.speech.message(To::Room(publisher % layout.rooms)))
            .collect();
        Ok(Self {
            ledger: Ledger::new(&layout, window, run.net.speech.answers()),
            layout,
            pace,
            frames,
            origin_ns: clock::monotonic_ns(),
            first_refusal: None,
            private,
            run,
        })
    }

    /// Speaks until the goal is reached, and waits until everything has been heard.
    fn stretch(&mut self, goal: Goal) -> Result<Stretch> {
        self.run.progress.begin(goal.name);
        self.ledger.latency.reset();
        if let Some(private) = &mut self.private {
            private.reset();
        }
        let before = self.ledger.totals();
        let (came_before, _) = self.progress();
        let bytes_before = self.run.net.bytes_read();
        let meter = Meter::start(self.run.server);
        let mut course = Course::begin(goal);
        let mut trouble = None;
        let cut_short = loop {
            let now_ns = clock::monotonic_ns();
            trouble = trouble
                .or_else(|| self.run.trouble())
                .or_else(|| course.too_late(self.owed(&course, now_ns), now_ns));
            if trouble.is_some() {
                course.abandon();
            }
            let wake_ns = self.speak(&mut course, now_ns);
            let (came, missing) = self.progress();
            let owed = self.owed(&course, now_ns);
            if missing + owed == 0 && course.is_over(now_ns) {
                break trouble;
            }
            if let Some(stalled) = course.stalled((came, missing + owed), now_ns) {
                break trouble.or(Some(stalled));
            }
            self.run.progress.show(now_ns, course.progress(now_ns), || {
                format!("{} deliveries", came - came_before)
            });
            self.turn(wake_ns)?;
        };
        let used = meter.stop();
        let bytes_read = self.run.net.bytes_read() - bytes_before;
        self.hear_out()?;
        Ok(Stretch {
            used,
            totals: self.ledger.totals().since(before),
            bytes_read,
            cut_short,
        })
    }

    /// Deliveries that have come, and those that have not (yet).
    fn progress(&self) -> (u64, u64) {
        let totals = self.ledger.totals();
        let (came, missing) = self.private.as_ref().map_or((0, 0), Private::progress);
        (totals.deliveries + came, totals.missing() + missing)
    }

    /// Messages that are due and not sent, because too much of a publisher's is unwritten.
    fn owed(&self, course: &Course, now_ns: u64) -> u64 {
        let rooms = match self.pace {
            Pace::Window(_) => 0,
            Pace::Rate(rate) => {
                let unsent = course.due(rate, now_ns).saturating_sub(course.begun);
                unsent.min(course.left())
            }
        };
        let private = self.private.as_ref();
        rooms + private.map_or(0, |private| private.owed(course, now_ns))
    }

    /// Lets everyone who may speak now do so; returns when the next message is due, if that is known.
    fn speak(&mut self, course: &mut Course, now_ns: u64) -> Option<u64> {
        let private_ns = self
            .private
            .as_mut()
            .and_then(|private| private.speak(&mut self.run.net, course, now_ns, self.origin_ns));
        let room_ns = match self.pace {
            Pace::Window(window) => {
                if !course.is_over(now_ns) {
                    self.fill_windows(course, window);
                }
                None
            }
            Pace::Rate(rate) => self.speak_in_turn(course, rate, now_ns),
        };
        if course.left() == 0 {
            course.end(now_ns);
        }
        private_ns.into_iter().chain(room_ns).min()
    }

    /// Each publisher says, in one write, as much as its window allows.
    fn fill_windows(&mut self, course: &mut Course, window: u32) {
        for publisher in 0..self.frames.len() {
            let client = self.layout.client(publisher);
            let free = window - self.ledger.on_their_way(publisher);
            let count = u64::from(free).min(course.left());
            if count == 0 {
                continue;
            }
            let time_ns = clock::monotonic_ns();
            for _ in 0..count {
                if self.run.net.is_full(client) {
                    break;
                }
                self.say(publisher, time_ns);
                course.begun += 1;
            }
            self.run.net.write(client);
        }
    }

    /// Says everything that is due, each publisher in one write.
    fn speak_in_turn(&mut self, course: &mut Course, rate: u32, now_ns: u64) -> Option<u64> {
        let publishers = self.frames.len() as u64;
        let first = course.begun;
        let due = course.due(rate, now_ns).min(first + course.left());
        let wake_ns = loop {
            if course.begun >= due {
                break course.wake_ns(rate, course.begun, now_ns);
            }
            let publisher = usize::try_from(course.begun % publishers).unwrap_or(0);
            if self.run.net.is_full(self.layout.client(publisher)) {
                break None;
            }
            self.say(publisher, course.due_at(rate, course.begun));
            course.begun += 1;
        };
        for turn in first..course.begun.min(first + publishers) {
            let publisher = usize::try_from(turn % publishers).unwrap_or(0);
            self.run.net.write(self.layout.client(publisher));
        }
        wake_ns
    }

    fn say(&mut self, publisher: usize, time_ns: u64) {
        let stamp = Stamp {
            publisher: u16::try_from(publisher).unwrap_or(u16::MAX),
            sequence: self.ledger.send(publisher),
            time_ns: time_ns - self.origin_ns,
        };
        let frame = &self.frames[publisher];
        let size = self.run.net.speech.text_bytes;
        let out = self.run.net.out(self.layout.client(publisher));
        out.extend_from_slice(&frame.before);
        stamp.write(size, out);
        out.extend_from_slice(&frame.behind);
    }

    /// Lets the sockets do their work, and enters what is heard.
    fn turn(&mut self, wake_ns: Option<u64>) -> Result<()> {
        let Self {
            run,
            ledger,
            layout,
            origin_ns,
            first_refusal,
            private,
            ..
        } = self;
        let listeners = layout.listeners() as usize;
        run.net
            .turn(wake_ns, &mut |client, now_ns, heard| match heard {
                Heard::Text(text) if client < listeners => {
                    ledger.hear(client, text, now_ns - *origin_ns);
                }
                Heard::Accepted => {
                    if let Some(publisher) = layout.publisher(client) {
                        ledger.accepted(publisher);
                    }
                }
                Heard::Refused(words) => {
                    if let Some(publisher) = layout.publisher(client) {
                        ledger.refused(publisher);
                        first_refusal.get_or_insert_with(|| words.clone());
                    }
                }
                Heard::Text(text) => {
                    if let Some(private) = private {
                        private.hear(client, text, now_ns - *origin_ns);
                    }
                }
                Heard::Entered | Heard::Left | Heard::Moved { .. } | Heard::Stored(_) => {}
            })?;
        Ok(())
    }

    /// A while longer: what comes twice or late shows up here.
    fn hear_out(&mut self) -> Result<()> {
        let until_ns = clock::monotonic_ns() + AFTERMATH_NS;
        while clock::monotonic_ns() < until_ns {
            self.turn(Some(until_ns))?;
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "rates, for people")]
    fn report(&self, args: &Bench, stretch: &Stretch, report: &mut Report) {
        let Stretch { totals, used, .. } = stretch;
        let (messages, deliveries) = (totals.messages as f64, totals.deliveries as f64);
        let (window, rate, since) = match self.pace {
            Pace::Window(window) => (Some(window), None, Since::Sent),
            Pace::Rate(rate) => (None, Some(rate), Since::Intended),
        };
        report.note(
            used,
            &[
                ("ns_per_delivery", 1.0, deliveries),
                ("us_per_message", 1e3, messages),
            ],
        );
        report.setting = Some(Setting {
            publishers: args.fanout.publishers,
            subscribers: args.fanout.subscribers,
            rooms: args.fanout.rooms,
            size_bytes: args.fanout.size,
            window,
            rate_per_s: rate,
        });
        report.deliveries = Some(Deliveries {
            messages: totals.messages,
            deliveries: totals.deliveries,
            messages_per_s: round(messages / used.seconds, 1),
            deliveries_per_s: round(deliveries / used.seconds, 1),
            bytes_per_delivery: round(stretch.bytes_read as f64 / deliveries.max(1.0), 1),
        });
        report.faults = Some(Faults::of(*totals));
        report.latency_us = self.ledger.latency.summary(since);
        if let Some(private) = &self.private {
            let (counts, latency) = private.report();
            report.private = Some(counts);
            report.private_latency_us = latency;
        }
        report.cut_short.clone_from(&stretch.cut_short);
        report.first_refusal = self.first_refusal.as_ref().map(ToString::to_string);
    }
}
