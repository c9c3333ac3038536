//! Churners leave a room and join it again, each as soon as its own answer is there, while members
//! listen. Every member must hear every notice: how often somebody left and came is counted for each
//! pair of member and churner.

use anyhow::Result;

use super::course::{AFTERMATH_NS, Course, Goal};
use crate::ctl::bench::args::Bench;
use crate::ctl::bench::meter::{Meter, Used};
use crate::ctl::bench::net::peer::Reading;
use crate::ctl::bench::protocol::names::Names;
use crate::ctl::bench::protocol::{Heard, Place, Words};
use crate::ctl::bench::report::{Faults, Report, round};
use crate::ctl::bench::run::Run;
use crate::ctl::clock;

/// The one room.
const ROOM: u32 = 0;

/// What one member has heard of one churner.
#[derive(Clone, Copy, Debug, Default)]
struct Notices {
    count: u32,
    /// By the last notice.
    is_out: bool,
}

/// The books: who moved how often, and who heard of it.
#[derive(Debug)]
struct Books {
    members: usize,
    /// How often each churner has left or entered.
    moves: Vec<u32>,
    /// For each member a row of all churners.
    notices: Vec<Notices>,
    /// Notices that do not fit the one before: someone enters twice, or leaves twice.
    misfits: u64,
    /// Notices in all that are due, and that came.
    expected: u64,
    came: u64,
    refused: u64,
    first_refusal: Option<Words>,
    cycles: u64,
}

/// An answer to a churner: it is in again, or it is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    In,
    Out,
    Refused,
}

/// What a churner asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Leave,
    Enter,
}

/// Members, churners, and the books.
struct Churn<'a> {
    run: &'a mut Run,
    names: Names,
    books: Books,
    leave: Vec<u8>,
    enter: Vec<u8>,
    /// Churners that are between leaving and being in again.
    under_way: usize,
    /// Answers of the last turn.
    answers: Vec<(usize, Answer)>,
    /// Churners that may begin a cycle.
    free: Vec<usize>,
}

/// Runs it.
///
/// # Errors
/// When not all clients come in, or the event loop fails.
pub fn run(run: &mut Run, args: &Bench, report: &mut Report) -> Result<()> {
    let (members, churners) = (args.churn.members as usize, args.churn.churners as usize);
    run.admit(members + churners, |_| (Place::Room(ROOM), Reading::Always))?;
    run.settle()?;
    let mut churn = Churn {
        books: Books::new(members, churners),
        names: run.net.speech.names.clone(),
        leave: run.net.speech.leave(ROOM),
        enter: run.net.speech.enter(ROOM),
        under_way: 0,
        answers: Vec::new(),
        free: (0..churners).collect(),
        run,
    };
    let count = args.messages.map_or(u64::MAX, u64::from);
    let [warm_up, counted] = [("warming up", args.warmup), ("measuring", args.duration)]
        .map(|(name, time)| Goal { name, time, count });
    let (mut used, mut cut_short) = churn.stretch(warm_up)?;
    // Faults in the warm-up are faults: then these are the figures, and what follows would hide them.
    if cut_short.is_none() && churn.books.faults().in_words().is_none() {
        churn.books.begin_anew();
        (used, cut_short) = churn.stretch(counted)?;
    }
    churn.books.report(&used, report);
    report.cut_short = cut_short;
    Ok(())
}

impl Churn<'_> {
    /// Lets them go and come until the goal is reached and all have heard of it.
    fn stretch(&mut self, goal: Goal) -> Result<(Used, Option<String>)> {
        self.run.progress.begin(goal.name);
        let meter = Meter::start(self.run.server);
        let mut course = Course::begin(goal);
        let cut_short = loop {
            let now_ns = clock::monotonic_ns();
            let trouble = self.run.trouble();
            if trouble.is_some() {
                course.abandon();
            }
            while !course.is_over(now_ns)
                && let Some(churner) = self.free.pop()
            {
                course.begun += 1;
                self.under_way += 1;
                self.request(churner, Move::Leave);
            }
            let missing = self.books.missing() + self.under_way as u64;
            let is_idle = self.free.is_empty() && self.under_way == 0;
            if missing == 0 && (course.is_over(now_ns) || is_idle) {
                break trouble;
            }
            if let Some(stalled) = course.stalled((self.books.came, missing), now_ns) {
                break trouble.or(Some(stalled));
            }
            let cycles = self.books.cycles;
            self.run.progress.show(now_ns, course.progress(now_ns), || {
                format!("{cycles} cycles")
            });
            self.turn()?;
        };
        let used = meter.stop();
        // A while longer: what comes twice shows up here.
        let until_ns = clock::monotonic_ns() + AFTERMATH_NS;
        while clock::monotonic_ns() < until_ns {
            self.listen(Some(until_ns))?;
        }
        Ok((used, cut_short))
    }

    /// One turn of the sockets; whoever was answered goes on.
    fn turn(&mut self) -> Result<()> {
        self.listen(None)?;
        while let Some((churner, answer)) = self.answers.pop() {
            match answer {
                Answer::Out => self.request(churner, Move::Enter),
                Answer::In => {
                    self.books.cycles += 1;
                    self.under_way -= 1;
                    self.free.push(churner);
                }
                // It begins no other: to ask again would be a flood.
                Answer::Refused => {
                    self.books.take_back(churner);
                    self.under_way -= 1;
                }
            }
        }
        Ok(())
    }

    /// Lets the sockets do their work, and enters what is heard.
    fn listen(&mut self, wake_ns: Option<u64>) -> Result<()> {
        let Self {
            run,
            books,
            answers,
            names,
            ..
        } = self;
        run.net.turn(wake_ns, &mut |client, _, heard| {
            if client < books.members {
                if let Heard::Moved { nick, entered } = heard {
                    books.hear(names, client, nick, entered);
                }
                return;
            }
            let answer = match heard {
                Heard::Entered => Answer::In,
                Heard::Left => Answer::Out,
                Heard::Refused(words) => {
                    books.first_refusal.get_or_insert_with(|| words.clone());
                    Answer::Refused
                }
                Heard::Text(_) | Heard::Accepted | Heard::Moved { .. } | Heard::Stored(_) => {
                    return;
                }
            };
            answers.push((client - books.members, answer));
        })?;
        Ok(())
    }

    fn request(&mut self, churner: usize, what: Move) {
        let bytes = match what {
            Move::Leave => &self.leave,
            Move::Enter => &self.enter,
        };
        let client = self.books.members + churner;
        self.run.net.out(client).extend_from_slice(bytes);
        self.run.net.write(client);
        self.books.move_of(churner);
    }
}

impl Books {
    fn new(members: usize, churners: usize) -> Self {
        Self {
            members,
            moves: vec![0; churners],
            notices: vec![Notices::default(); members * churners],
            misfits: 0,
            expected: 0,
            came: 0,
            refused: 0,
            first_refusal: None,
            cycles: 0,
        }
    }

    fn move_of(&mut self, churner: usize) {
        self.moves[churner] += 1;
        self.expected += self.members as u64;
    }

    fn take_back(&mut self, churner: usize) {
        self.moves[churner] -= 1;
        self.expected -= self.members as u64;
        self.refused += 1;
    }

    #[inline]
    fn hear(&mut self, names: &Names, member: usize, nick: &[u8], entered: bool) {
        let churner = names
            .number(nick)
            .and_then(|number| (number as usize).checked_sub(self.members))
            .filter(|churner| *churner < self.moves.len());
        let Some(churner) = churner else {
            return;
        };
        let notices = &mut self.notices[member * self.moves.len() + churner];
        notices.count += 1;
        self.came += 1;
        self.misfits += u64::from(notices.is_out != entered);
        notices.is_out = !entered;
    }

    fn missing(&self) -> u64 {
        self.expected.saturating_sub(self.came)
    }

    /// What came so far was right and is not counted.
    fn begin_anew(&mut self) {
        (self.expected, self.came, self.cycles) = (0, 0, 0);
    }

    /// Pairs tell what is missing and what came too often, so that one does not hide the other.
    fn faults(&self) -> Faults {
        let (mut lost, mut duplicated) = (0, 0);
        for row in self.notices.chunks_exact(self.moves.len()) {
            for (notices, moves) in row.iter().zip(&self.moves) {
                lost += u64::from(moves.saturating_sub(notices.count));
                duplicated += u64::from(notices.count.saturating_sub(*moves));
            }
        }
        Faults {
            expected: self.expected,
            lost,
            duplicated,
            out_of_order: self.misfits,
            refused: self.refused,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "rates, for people")]
    fn report(&self, used: &Used, report: &mut Report) {
        let cycles = self.cycles as f64;
        report.note(used, &[("us_per_cycle", 1e3, cycles)]);
        report.cycles = Some(self.cycles);
        report.cycles_per_s = Some(round(cycles / used.seconds, 1));
        report.faults = Some(self.faults());
        report.first_refusal = self.first_refusal.as_ref().map(ToString::to_string);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::bench::args::Protocol;

    #[test]
    fn each_member_must_hear_each_notice() {
        let names = Names::new(Protocol::Chat, [1, 2, 3, 4]);
        let nick = names.nick(2);
        let mut books = Books::new(2, 1);
        books.move_of(0);
        books.move_of(0);
        for member in 0..2 {
            books.hear(&names, member, nick.as_bytes(), false);
            books.hear(&names, member, b"somebody", false);
        }
        books.hear(&names, 0, nick.as_bytes(), true);
        assert_eq!((books.missing(), books.faults().lost), (1, 1));
        books.hear(&names, 0, nick.as_bytes(), true);
        let faults = books.faults();
        assert_eq!(
            (faults.lost, faults.duplicated, faults.out_of_order),
            (1, 1, 1)
        );
        books.take_back(0);
        assert_eq!((books.faults().lost, books.faults().refused), (0, 1));
    }
}
