//! Writers that wait for the disk: each sends one message, waits until the server says that it is kept,
//! and sends the next. So the rate is what the server makes of the disk when so many wait together.
//! Afterwards the server is asked for everything that it has kept; what it promised must be there.

use anyhow::Result;

use super::course::{Course, Goal};
use crate::ctl::bench::args::Bench;
use crate::ctl::bench::latency::{Since, Summary};
use crate::ctl::bench::meter::{Meter, Used};
use crate::ctl::bench::net::peer::Reading;
use crate::ctl::bench::payload::Stamp;
use crate::ctl::bench::promises::Promises;
use crate::ctl::bench::protocol::{Frame, Heard, Place, Stored, Words};
use crate::ctl::bench::report::{self, Faults, Report, round};
use crate::ctl::bench::run::Run;
use crate::ctl::clock;

/// Writers in their places, and the books.
struct Durable<'a> {
    run: &'a mut Run,
    places: u32,
    promises: Promises,
    /// For each writer, what stands around its messages' texts.
    frames: Vec<Frame>,
    /// Who has nothing on its way.
    free: Vec<usize>,
    /// The zero of the stamps.
    origin_ns: u64,
    first_refusal: Option<Words>,
}

/// What became of a stretch.
struct Stretch {
    messages: u64,
    used: Used,
    latency: Option<Summary>,
    cut_short: Option<String>,
}

/// Runs it.
///
/// # Errors
/// When not all clients come in, or the event loop fails.
pub fn run(run: &mut Run, args: &Bench, report: &mut Report) -> Result<()> {
    let mut durable = Durable::set_up(run, args)?;
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
    let mut stretch = durable.stretch(warm_up)?;
    if stretch.cut_short.is_none() && durable.first_refusal.is_none() {
        stretch = durable.stretch(counted)?;
    }
    let unasked = durable.look_it_up()?;
    stretch.cut_short = stretch.cut_short.or(unasked);
    durable.report(args, stretch, report);
    Ok(())
}

impl<'a> Durable<'a> {
    fn set_up(run: &'a mut Run, args: &Bench) -> Result<Self> {
        let (writers, places) = (args.durable.writers, args.durable.places());
        run.admit(writers as usize, |client| {
            (Place::Kept(client % places), Reading::Always)
        })?;
        run.settle()?;
        let speech = &run.net.speech;
        let frames = (0..writers)
            .map(|writer| speech.kept_message(writer % places, writer))
            .collect();
        Ok(Self {
            promises: Promises::new(writers),
            places,
            frames,
            free: (0..writers as usize).collect(),
            origin_ns: clock::monotonic_ns(),
            first_refusal: None,
            run,
        })
    }

    /// Lets everyone write until the goal is reached, and waits until everything has been answered. The
    /// first refusal ends it: whoever is refused would only ask again at once.
    fn stretch(&mut self, goal: Goal) -> Result<Stretch> {
        self.run.progress.begin(goal.name);
        self.promises.latency.reset();
        let before = self.promises.totals().acknowledged;
        let meter = Meter::start(self.run.server);
        let mut course = Course::begin(goal);
        let cut_short = loop {
            let now_ns = clock::monotonic_ns();
            let trouble = self.run.trouble();
            if trouble.is_some() || self.first_refusal.is_some() {
                course.abandon();
            }
            if !course.is_over(now_ns) {
                self.write(&mut course);
            }
            let acknowledged = self.promises.totals().acknowledged;
            let waiting = self.promises.on_their_way() as u64;
            if waiting == 0 || trouble.is_some() {
                break trouble;
            }
            if let Some(stalled) = course.stalled((acknowledged, waiting), now_ns) {
                break Some(stalled);
            }
            self.run.progress.show(now_ns, course.progress(now_ns), || {
                format!("{} acknowledged", acknowledged - before)
            });
            self.turn()?;
        };
        Ok(Stretch {
            used: meter.stop(),
            messages: self.promises.totals().acknowledged - before,
            latency: self.promises.latency.summary(Since::Sent),
            cut_short,
        })
    }

    /// Everyone who has nothing on its way sends a message.
    fn write(&mut self, course: &mut Course) {
        while course.left() > 0
            && let Some(writer) = self.free.pop()
        {
            let now_ns = clock::monotonic_ns();
            let stamp = Stamp {
                publisher: u16::try_from(writer).unwrap_or(u16::MAX),
                sequence: self.promises.send(writer, now_ns),
                time_ns: now_ns - self.origin_ns,
            };
            let frame = &self.frames[writer];
            let size = self.run.net.speech.text_bytes;
            let out = self.run.net.out(writer);
            out.extend_from_slice(&frame.before);
            stamp.write(size, out);
            out.extend_from_slice(&frame.behind);
            self.run.net.write(writer);
            course.begun += 1;
        }
    }

    /// Lets the sockets do their work, and enters what is heard.
    fn turn(&mut self) -> Result<()> {
        let Self {
            run,
            promises,
            free,
            first_refusal,
            ..
        } = self;
        run.net
            .turn(None, &mut |client, now_ns, heard| match heard {
                Heard::Accepted => {
                    promises.accepted(client, now_ns);
                    free.push(client);
                }
                Heard::Refused(words) => {
                    promises.refused(client);
                    free.push(client);
                    first_refusal.get_or_insert_with(|| words.clone());
                }
                // Where several write to a place, chatd tells each what the others say.
                Heard::Text(_)
                | Heard::Entered
                | Heard::Left
                | Heard::Moved { .. }
                | Heard::Stored(_) => {}
            })?;
        Ok(())
    }

    /// Asks, for each place, what is kept there; returns why that could not be done.
    fn look_it_up(&mut self) -> Result<Option<String>> {
        let goal = Goal {
            name: "looking it up",
            time: std::time::Duration::MAX,
            count: u64::from(self.places),
        };
        self.run.progress.begin(goal.name);
        let mut course = Course::begin(goal);
        // Each place is asked for by its first writer, whose number is the place's.
        let mut due: Vec<(u32, Option<String>)> = (0..self.places).map(|it| (it, None)).collect();
        let (mut heard, mut known) = (0_u64, 0_u64);
        loop {
            for (place, behind) in due.drain(..) {
                let speech = &self.run.net.speech;
                let question = speech.ask_what_is_kept(place, place, behind.as_deref());
                self.run.net.out(place as usize).extend(question);
                self.run.net.write(place as usize);
            }
            let missing = u64::from(self.places) - known;
            let now_ns = clock::monotonic_ns();
            if missing == 0 {
                return Ok(None);
            }
            let trouble = self.run.trouble();
            let stalled = trouble.or_else(|| course.stalled((heard, missing), now_ns));
            if stalled.is_some() {
                return Ok(stalled.map(|why| format!("what is kept could not be asked: {why}")));
            }
            self.run
                .progress
                .show(now_ns, (known, u64::from(self.places)), || {
                    format!("{heard} answers")
                });
            self.listen(&mut due, &mut heard, &mut known)?;
        }
    }

    /// One turn of the sockets, for answers about what is kept.
    fn listen(
        &mut self,
        due: &mut Vec<(u32, Option<String>)>,
        heard: &mut u64,
        known: &mut u64,
    ) -> Result<()> {
        let Self {
            run,
            promises,
            first_refusal,
            places,
            frames,
            ..
        } = self;
        run.net.turn(None, &mut |client, _, it| match it {
            Heard::Stored(stored) => {
                *heard += 1;
                match stored {
                    Stored::Text(text) => promises.found(text),
                    Stored::End { next: Some(next) } => {
                        due.push((u32::try_from(client).unwrap_or(0), Some(next.to_owned())));
                    }
                    Stored::End { next: None } => *known += 1,
                    Stored::Count(count) => {
                        let writers = (client..frames.len()).step_by(*places as usize);
                        promises.counted(count, writers);
                        *known += 1;
                    }
                }
            }
            // Who may not ask will not be told.
            Heard::Refused(words) => {
                first_refusal.get_or_insert_with(|| words.clone());
                *known += 1;
            }
            Heard::Text(_)
            | Heard::Accepted
            | Heard::Entered
            | Heard::Left
            | Heard::Moved { .. } => {}
        })?;
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "rates, for people")]
    fn report(&self, args: &Bench, stretch: Stretch, report: &mut Report) {
        let totals = self.promises.totals();
        let messages = stretch.messages as f64;
        report.note(&stretch.used, &[("us_per_message", 1e3, messages)]);
        report.durable = Some(report::Durable {
            writers: args.durable.writers,
            places: self.places,
            size_bytes: args.fanout.size,
            messages: stretch.messages,
            acks_per_s: round(messages / stretch.used.seconds, 1),
            acknowledged: totals.acknowledged,
            stored: totals.stored,
        });
        report.faults = Some(Faults {
            expected: totals.acknowledged,
            lost: totals.lost(),
            duplicated: totals.duplicated,
            out_of_order: totals.out_of_order,
            refused: totals.refused,
        });
        report.latency_us = stretch.latency;
        report.cut_short = stretch.cut_short;
        report.first_refusal = self.first_refusal.as_ref().map(ToString::to_string);
    }
}
