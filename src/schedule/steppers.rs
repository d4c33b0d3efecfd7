//! The real processes of a program, each behind a gate until the turn is its own, and the tape
//! that says whose turn it is.
//!
//! A tape is a list of orders in shared memory, and one place in it. The process whose order
//! stands there takes its step and moves the place on; if the next order is another's, it opens
//! that one's gate and sleeps at its own. So the turn goes from hand to hand as a baton does, and
//! the controller wakes once a tape, not once a step. All of them may use one CPU only: order is
//! all that matters, and a hand-over on one CPU is the cheapest.

use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU8, AtomicU32, Ordering::Relaxed};

use super::program::{MOST_PROCESSES, Program};
use super::search::letter;
use super::stage::{Hands, Stage};
use crate::mp::{MapError, Process, ProcessError, Shared, SharedSlice, Turnstile, sys};

/// Orders that a tape holds.
pub(super) const TAPE: usize = 1 << 16;
/// The controller's gate, behind those of the processes.
const CONTROLLER: usize = MOST_PROCESSES;
/// A process's own variable as a report, when it holds nothing.
const NOTHING: i64 = i64::MIN;

/// What went wrong between a schedule and the processes that were to run it.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// A process could not be had.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Memory could not be had.
    #[error(transparent)]
    Memory(#[from] MapError),
    /// A descriptor could not be had.
    #[error("cannot prepare the processes of a schedule: {0}")]
    Os(#[from] io::Error),
    /// One of the processes has ended by itself, or was killed.
    #[error("process {process} (pid {pid}) ended in the middle of a schedule: {how}")]
    Died {
        /// Its letter.
        process: char,
        /// Its pid.
        pid: i32,
        /// Its exit code or signal, and its panic's text if it had one.
        how: String,
    },
    /// The machine did other than the model: one of them is wrong.
    #[error("schedule {schedule}: counted {counted}, ran {ran}; one of the two is wrong")]
    Differs {
        /// The schedule, as letters.
        schedule: String,
        /// What the model says.
        counted: String,
        /// What the processes did.
        ran: String,
    },
}

/// One order of a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub process: usize,
    pub task: Task,
    /// Puts the word back to the start before the task.
    pub first: bool,
    /// Notes the word after the task.
    pub last: bool,
}

/// What an order asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// To take the next step, which can be taken.
    Step,
    /// To say whether the next step could be taken, and what the own variable holds.
    Report,
    /// To find that the next step cannot be taken.
    Wait,
    /// To go back to the first step.
    Rewind,
}

impl Order {
    pub fn of(process: usize, task: Task) -> Self {
        Order { process, task, first: false, last: false }
    }

    /// As a byte: the process in bits 0 and 1, the task in 2 and 3, `first` in 4, `last` in 5.
    fn byte(self) -> u8 {
        let flags = u8::from(self.first) << 4 | u8::from(self.last) << 5;
        u8::try_from(self.process).expect("few processes") | (self.task as u8) << 2 | flags
    }

    fn from_byte(byte: u8) -> Self {
        let tasks = [Task::Step, Task::Report, Task::Wait, Task::Rewind];
        Order {
            process: usize::from(byte & 3),
            task: tasks[usize::from(byte >> 2 & 3)],
            first: byte & 1 << 4 != 0,
            last: byte & 1 << 5 != 0,
        }
    }
}

/// The tape, its place, and what was noted on the way. Whoever has the turn writes, and the gates
/// order what they write.
struct Line {
    gates: Shared<[Turnstile; MOST_PROCESSES + 1]>,
    tape: SharedSlice<AtomicU8>,
    /// Orders on the tape.
    length: Shared<AtomicU32>,
    /// Orders that were carried out.
    place: Shared<AtomicU32>,
    /// Whether the order at the place could not be carried out.
    refused: Shared<AtomicU8>,
    /// The word after each order that was the last of its schedule.
    words: SharedSlice<AtomicI32>,
    noted: Shared<AtomicU32>,
    /// What each process reported: its own variable, and whether it can go on.
    own: Shared<[AtomicI64; MOST_PROCESSES]>,
    ready: Shared<[AtomicU8; MOST_PROCESSES]>,
}

impl Line {
    fn new() -> Result<Self, MapError> {
        Ok(Line {
            gates: Shared::new()?,
            tape: SharedSlice::zeroed(TAPE)?,
            length: Shared::new()?,
            place: Shared::new()?,
            refused: Shared::new()?,
            words: SharedSlice::zeroed(TAPE)?,
            noted: Shared::new()?,
            own: Shared::new()?,
            ready: Shared::new()?,
        })
    }

    /// The order whose turn it is; `None` at the end of the tape.
    fn order(&self) -> Option<Order> {
        let place = self.place.load(Relaxed);
        let more = place < self.length.load(Relaxed) && self.refused.load(Relaxed) == 0;
        more.then(|| Order::from_byte(self.tape[place as usize].load(Relaxed)))
    }

    /// Carries out the caller's orders until the turn is another's, and hands it over.
    fn serve(&self, me: usize, start: i32, hands: &mut Hands, stage: &Stage) {
        while let Some(order) = self.order() {
            if order.process != me {
                self.gates[order.process].open();
                return;
            }
            if order.first {
                stage.word.set(start);
            }
            if !self.carried_out(order.task, me, hands) {
                self.refused.store(1, Relaxed);
                break;
            }
            if order.last {
                let noted = self.noted.fetch_add(1, Relaxed);
                self.words[noted as usize].store(stage.word.get(), Relaxed);
            }
            self.place.store(self.place.load(Relaxed) + 1, Relaxed);
        }
        self.gates[CONTROLLER].open();
    }

    fn carried_out(&self, task: Task, me: usize, hands: &mut Hands) -> bool {
        match task {
            Task::Step => !hands.finished() && hands.attempt(),
            Task::Wait => !hands.finished() && !hands.ready(),
            Task::Rewind => {
                hands.rewind();
                true
            }
            Task::Report => {
                self.own[me].store(hands.own.map_or(NOTHING, i64::from), Relaxed);
                self.ready[me].store(u8::from(hands.ready()), Relaxed);
                true
            }
        }
    }
}

/// What the processes of one set share: the line, and the stage.
struct Ground {
    line: Line,
    stage: Stage,
}

/// The processes of one program, asleep at their gates between tapes. Dropped, they are killed
/// and reaped.
pub(super) struct Steppers<'a> {
    ground: Rc<Ground>,
    /// Passages of the controller's gate.
    passed: u32,
    processes: Vec<Process<'a>>,
}

impl<'a> Steppers<'a> {
    /// Forks the processes of the program, all on the first CPU that the caller may use, and returns
    /// when each has answered at its gate: what is timed later has nothing of their beginnings.
    pub fn start(program: &'a Program) -> Result<Self, ScheduleError> {
        let ground = Rc::new(Ground { line: Line::new()?, stage: Stage::new(program)? });
        let cpu = sys::affinity()?.first().copied();
        let mut processes: Vec<Process<'a>> = Vec::new();
        for me in 0..program.processes() {
            let shared = Rc::clone(&ground);
            let name = letter(me).to_string();
            let mut process = Process::new(name, move || follow(program, &shared, me));
            cpu.map_or(Ok(()), |cpu| process.pin(cpu))?;
            process.start()?;
            let exit = process.sentinel().expect("started").try_clone_to_owned()?;
            ground.stage.forked(exit);
            processes.push(process);
        }
        ground.stage.leave();
        let mut steppers = Steppers { ground, passed: 0, processes };
        let reports = (0..program.processes()).map(|process| Order::of(process, Task::Report));
        steppers.run(&reports.collect::<Vec<_>>())?;
        Ok(steppers)
    }

    /// Their pids.
    pub fn pids(&self) -> Vec<i32> {
        self.processes.iter().map(|process| process.pid().expect("started")).collect()
    }

    /// Has the orders carried out. Gives how many were, and the words noted; fewer than all were if
    /// one could not be.
    ///
    /// # Panics
    /// If there are more orders than [`TAPE`].
    pub fn run(&mut self, orders: &[Order]) -> Result<(usize, Vec<i32>), ScheduleError> {
        let Some(first) = orders.first() else {
            return Ok((0, Vec::new()));
        };
        let line = &self.ground.line;
        for (byte, order) in line.tape[..orders.len()].iter().zip(orders) {
            byte.store(order.byte(), Relaxed);
        }
        line.length.store(orders.len() as u32, Relaxed);
        for counter in [&line.place, &line.noted] {
            counter.store(0, Relaxed);
        }
        line.refused.store(0, Relaxed);
        line.gates[first.process].open();
        while !self.ground.line.gates[CONTROLLER].pass(&mut self.passed, sys::LONGEST_SLEEP) {
            self.look_for_deaths()?;
        }
        let line = &self.ground.line;
        let noted = line.noted.load(Relaxed) as usize;
        let words = line.words[..noted].iter().map(|word| word.load(Relaxed)).collect();
        Ok((line.place.load(Relaxed) as usize, words))
    }

    /// The word now.
    pub fn word(&self) -> i32 {
        self.ground.stage.word.get()
    }

    /// What a process last reported: its own variable, and whether it can go on.
    pub fn reported(&self, process: usize) -> (Option<i32>, bool) {
        let line = &self.ground.line;
        let own = line.own[process].load(Relaxed);
        let own = (own != NOTHING).then(|| i32::try_from(own).expect("it was an i32"));
        (own, line.ready[process].load(Relaxed) != 0)
    }

    /// Finds a process that has ended before its last step.
    pub fn look_for_deaths(&mut self) -> Result<(), ScheduleError> {
        for (me, process) in self.processes.iter_mut().enumerate() {
            let Some(code) = process.exitcode() else { continue };
            if code == 0 && self.ground.stage.is_done(me) {
                continue;
            }
            let exit = process.join()?;
            let how = process.panic_message().map_or(exit.to_string(), str::to_string);
            let pid = process.pid().expect("it was started");
            return Err(ScheduleError::Died { process: letter(me), pid, how });
        }
        Ok(())
    }
}

/// The life of one process: wait at the gate, serve, again. Where processes are not used for
/// another schedule, one that has taken its last step ends, as a real one does.
fn follow(program: &Program, ground: &Ground, me: usize) {
    let Ground { line, stage } = ground;
    let mut hands = Hands::of(program, stage, me);
    let mut passed = 0;
    while program.rewinds() || !hands.finished() {
        if line.gates[me].pass(&mut passed, sys::LONGEST_SLEEP) {
            line.serve(me, program.start, &mut hands, stage);
        }
    }
}
