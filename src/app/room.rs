//! Several runs from several machines, laid together: what each file says of itself, counted.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::recordings::Kept;
use super::session::{Session, Stop};
use super::source;
use crate::event::{
    Alike, Believed, Dearer, Ends, Event, Explored, Group, Params, Prediction, Price, Reached,
    Recording, Room, Run, Schedules, Summary, Together, Variants,
};
use crate::experiments;
use crate::lesson::block::Kind;
use crate::lesson::doc::{self, Doc};
use crate::view::Question;

/// Draws a section for each command and lesson that the files are of.
///
/// # Errors
/// Whatever stops it.
pub fn draw(session: &mut Session, kept: &[Kept]) -> Result<(), Stop> {
    session.start(super::report::COMMAND, "all", &Params::default())?;
    // A room lays ends and ratios together, not what happened when.
    session.has_times(&[])?;
    for room in rooms(kept) {
        tell(session, &room)?;
    }
    Ok(())
}

/// Tells of one section, to each reader with the questions in their language.
///
/// # Errors
/// When output cannot be written.
pub fn tell(session: &mut Session, room: &Room) -> Result<(), Stop> {
    if let Some(export) = &mut session.export {
        export.line(&Event::Room(Box::new(room.clone())))?;
    }
    let lesson = experiments::lesson(&room.lesson).filter(|_| !room.predictions.is_empty());
    let mut readers = session.readers().into_iter();
    Ok(readers.try_for_each(|reader| {
        let text = lesson.map(|lesson| source::text(lesson, reader.lang));
        let doc = text.and_then(|(file, text)| doc::parse(&file, text).ok());
        let questions = doc.map(|doc| questions(&doc)).unwrap_or_default();
        reader.view.room(room, &questions)
    })?)
}

fn questions(doc: &Doc) -> Vec<Question> {
    let ask = |kind: &Kind| match kind {
        Kind::Ask(ask) => Some(Question {
            ask: ask.id.value.clone(),
            text: ask.question.clone(),
            answers: (ask.answers.iter())
                .map(|answer| (answer.belief.value.clone(), answer.text.clone()))
                .collect(),
        }),
        _ => None,
    };
    doc.blocks.iter().filter_map(|block| ask(&block.kind)).collect()
}

/// The files of each command and lesson or program, in the order of the first of each.
fn rooms(kept: &[Kept]) -> Vec<Room> {
    let mut rooms: Vec<(Room, Vec<&Recording>)> = Vec::new();
    for Kept { recording, .. } in kept {
        let start = &recording.start;
        let of = |room: &Room| (room.command.clone(), room.lesson.clone(), room.program.clone());
        let this = (start.command.clone(), start.lesson.clone(), start.program.clone());
        let at = rooms.iter().position(|(room, _)| of(room) == this).unwrap_or_else(|| {
            let (command, lesson, program) = this;
            rooms.push((Room { command, lesson, program, ..Room::default() }, Vec::new()));
            rooms.len() - 1
        });
        let (room, recordings) = &mut rooms[at];
        add(room, recording);
        recordings.push(recording);
    }
    let differing = |(mut room, recordings): (Room, Vec<&Recording>)| {
        room.differing = differing(&recordings);
        room
    };
    rooms.into_iter().map(differing).collect()
}

/// The options that are not the same in all files. Seeds change no outcome.
fn differing(recordings: &[&Recording]) -> Map<String, Value> {
    let of_each: Vec<Value> = (recordings.iter())
        .map(|recording| serde_json::to_value(&recording.start.params).unwrap_or_default())
        .collect();
    let objects = || of_each.iter().filter_map(Value::as_object);
    let mut differing = Map::new();
    for name in objects().flat_map(Map::keys).filter(|name| *name != "seed") {
        let mut values: Vec<Value> = Vec::new();
        for object in objects() {
            let value = object.get(name).cloned().unwrap_or_default();
            if !values.contains(&value) {
                values.push(value);
            }
        }
        if values.len() > 1 {
            differing.insert(name.clone(), Value::Array(values));
        }
    }
    differing
}

/// The one of a list that is asked for, made if it is not there.
fn entry<T>(list: &mut Vec<T>, is_it: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> &mut T {
    let at = list.iter().position(is_it).unwrap_or_else(|| {
        list.push(new());
        list.len() - 1
    });
    &mut list[at]
}

/// Lays one more file to the others.
fn add(room: &mut Room, recording: &Recording) {
    let machine = &recording.start.machine;
    room.files += 1;
    let is_alike = |alike: &Alike| {
        (alike.cpus, &alike.arch, &alike.kernel) == (machine.cpus, &machine.arch, &machine.kernel)
    };
    let (arch, kernel) = (machine.arch.clone(), machine.kernel.clone());
    let new = || Alike { cpus: machine.cpus, arch, kernel, files: 0 };
    entry(&mut room.machines, is_alike, new).files += 1;
    for event in recording.events() {
        match event {
            Event::Schedules(told) => add_program(room, told),
            Event::Answer(answer) => {
                let new = || Prediction {
                    ask: answer.ask.clone(),
                    files: 0,
                    unsaid: 0,
                    answers: Vec::new(),
                };
                let asked = entry(&mut room.predictions, |p| p.ask == answer.ask, new);
                asked.files += 1;
                asked.unsaid += u32::from(answer.said.is_none());
                for belief in &answer.held {
                    believed(asked, belief).held += 1;
                }
                if let Some(belief) = &answer.said {
                    believed(asked, belief).said += 1;
                }
            }
            _ => {}
        }
    }
    // A price list tells of each experiment by its prices.
    if recording.start.lesson != "all" {
        add_runs(room, recording);
    }
    add_prices(&mut room.prices, recording);
}

fn believed<'a>(asked: &'a mut Prediction, belief: &str) -> &'a mut Believed {
    let new = || Believed { belief: belief.to_string(), said: 0, held: 0 };
    entry(&mut asked.answers, |answer| answer.belief == belief, new)
}

/// Lays the runs of a file to those of the others: each experiment up to its summary, which says
/// what they compare with.
fn add_runs(room: &mut Room, recording: &Recording) {
    let mut runs: Vec<&Run> = Vec::new();
    let mut turns = Turns::new();
    for event in recording.events() {
        match event {
            // Without a ledger, and in which nobody was held up on purpose.
            Event::Run(run) if !run.traced && run.delayed.is_none() => runs.push(run),
            Event::Summary(summary) => {
                let runs = std::mem::take(&mut runs);
                let of_it = runs.iter().filter(|run| run.experiment == summary.experiment);
                let of_it: Vec<&Run> = of_it.copied().collect();
                if !of_it.is_empty() {
                    let which = which(summary, &of_it, &mut turns);
                    let together =
                        entry(&mut room.experiments, |of| is_same(of, &which), || which.clone());
                    lay(together, summary, &of_it, recording.start.machine.cpus);
                }
            }
            _ => {}
        }
    }
}

/// Whether two experiments may be laid together. What most often differs in a long file comes first.
fn is_same(one: &Together, other: &Together) -> bool {
    one.turn == other.turn
        && one.experiment == other.experiment
        && one.baseline == other.baseline
        && one.compared == other.compared
}

/// How often a file had an experiment so far, by its name, its baseline and what it compares.
type Turns = HashMap<(String, String, Vec<String>), u32>;

/// What a summary is of, as yet without runs.
fn which(summary: &Summary, runs: &[&Run], turns: &mut Turns) -> Together {
    let peers: BTreeSet<&str> =
        runs.iter().filter(|run| run.python.is_some()).map(|run| run.variant.as_str()).collect();
    let names = summary.variants.iter().map(|told| &told.variant);
    let compared: Vec<String> =
        names.filter(|name| !peers.contains(name.as_str())).cloned().collect();
    let (experiment, baseline) = (summary.experiment.clone(), summary.baseline.clone());
    let key = (experiment.clone(), baseline.clone(), compared.clone());
    let turn = turns.entry(key).and_modify(|turn| *turn += 1).or_insert(1);
    Together { experiment, compared, turn: *turn, baseline, variants: Vec::new() }
}

/// Lays one experiment of a file to the same of the others.
fn lay(together: &mut Together, summary: &Summary, runs: &[&Run], cpus: usize) {
    let mut counted = BTreeSet::new();
    for run in runs {
        let group = group(together, run, cpus);
        group.runs += 1;
        group.correct_runs += u32::from(run.correct != Some(false));
        if let (Some(expected), Some(got)) = (run.expected, run.got) {
            let new = || Ends { expected, got: Vec::new() };
            entry(&mut group.ends, |ends| ends.expected == expected, new).got.push(got);
        }
        group.files += u32::from(counted.insert(&run.variant));
    }
    let ran = |variant: &str| runs.iter().find(|run| run.variant == variant);
    for told in &summary.variants {
        let ratio = told.ratio.filter(|ratio| ratio.is_finite() && *ratio > 0.0);
        if let (Some(run), Some(ratio)) = (ran(&told.variant), ratio) {
            let group = group(together, run, cpus);
            group.ratios.push(ratio);
            group.ratios.sort_by(f64::total_cmp);
        }
    }
}

/// Who ran a variant on as many CPUs, with the same Python.
fn group<'a>(together: &'a mut Together, run: &Run, cpus: usize) -> &'a mut Group {
    let variant = match (&run.python, run.variant.split_once('-')) {
        (Some(_), Some((_, of))) => format!("python-{of}"),
        _ => run.variant.clone(),
    };
    let python = run.python.as_deref().map(|version| {
        let minor: Vec<&str> = version.splitn(3, '.').take(2).collect();
        minor.join(".") + if run.gil == Some(false) { "t" } else { "" }
    });
    let new = || Variants { variant: variant.clone(), groups: Vec::new() };
    let variants = entry(&mut together.variants, |of| of.variant == variant, new);
    let is_it = |group: &Group| group.cpus == cpus && group.python == python;
    let new = || Group { cpus, python: python.clone(), ..Group::default() };
    entry(&mut variants.groups, is_it, new)
}

/// Lays the schedules of one more file to those of the others that explored the same.
fn add_program(room: &mut Room, told: &Schedules) {
    let is_it = |of: &Explored| {
        (&of.experiment, &of.variant, of.ops, of.processes, of.total, of.right)
            == (&told.experiment, &told.variant, told.ops, told.processes, told.total, told.right)
    };
    let new = || Explored {
        experiment: told.experiment.clone(),
        variant: told.variant.clone(),
        ops: told.ops,
        processes: told.processes,
        word: told.word.clone(),
        right: told.right,
        files: 0,
        total: told.total,
        ran: 0,
        outcomes: Vec::new(),
    };
    let program = entry(&mut room.programs, is_it, new);
    program.files += 1;
    program.ran = program.ran.saturating_add(told.ran);
    let ends = told.outcomes.iter().map(|o| (Some(o.value), o.schedules, o.observed, o.free));
    let stuck = (None, told.stuck, told.stuck_observed, told.stuck_free);
    let stuck = (told.stuck > 0).then_some(stuck);
    for (value, schedules, observed, free) in ends.chain(stuck) {
        let new = || Reached { value, schedules, observed: 0, free: 0, files: 0 };
        let reached = entry(&mut program.outcomes, |of| of.value == value, new);
        let free = free.unwrap_or(0);
        reached.observed = reached.observed.saturating_add(observed);
        reached.free = reached.free.saturating_add(free);
        reached.files += u32::from(observed > 0 || free > 0);
    }
}

/// Lays the prices of one more file to those of the others: how many times as much an operation
/// costs in Python. What it costs at all is no number that machines have in common.
fn add_prices(all: &mut Vec<Dearer>, recording: &Recording) {
    let prices = || {
        recording.events().filter_map(|event| match event {
            Event::Price(price) => Some(price),
            _ => None,
        })
    };
    for native in prices().filter(|price| price.python.is_none()) {
        let beside = |price: &&Price| price.python.is_some() && price.means == native.means;
        for python in prices().filter(beside) {
            let ratio = python.cost_s / native.cost_s;
            if ratio.is_finite() && ratio > 0.0 {
                let new = || Dearer { means: native.means.clone(), ratios: Vec::new() };
                let dearer = entry(all, |of| of.means == native.means, new);
                dearer.ratios.push(ratio);
                dearer.ratios.sort_by(f64::total_cmp);
            }
        }
    }
}
