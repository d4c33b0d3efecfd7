//! What templates see: the machine, and for each run block what its events said.
//!
//! `machine` has the fields of the start event. A run block `race` of an
//! experiment `bank` is `race`, where `-` and `.` in names are written `_`:
//!
//! | name | what it is |
//! |---|---|
//! | `race.V.runs`, `correct_runs`, `wrong_runs` | timed runs of variant V |
//! | `race.V.median_s`, `q1_s`, `q3_s`, `ratio`, `ratio_low`, `ratio_high` | as in the summary |
//! | `race.V.expected`, `low`, `high` | the right result; the least and the greatest that timed runs ended with |
//! | `race.V.overlapped` | timed runs in which the processes ran at once |
//! | `race.V.traced_runs`, `updates`, `lost`, `lost_runs` | runs with a ledger; updates made and lost in them; those that lost any |
//! | `race.V.python`, `start_method`, `gil` | of a Python peer |
//! | `race.V.deadlock` | the deadlock found in V |
//! | `race.V.F`, `race.F` | a figure of the variant, of the experiment |
//! | `race.winner`, `race.baseline` | names of variants, as they are typed |
//! | `race.lost_update`, `race.deadlock`, `race.python` | fields of the first such event (of a Python that can be used, if any) |
//! | `race.notes` | kinds of notes, each once; always a list |
//!
//! All names exist from [`Values::expect`] on, and are none until their event came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use minijinja::Value;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::scope::Scope;
use crate::event::{
    Deadlock, Event, LostUpdate, Machine, Measure, NoteKind, Python, Run, Summary, VariantSummary,
};

/// The name that the machine goes by.
pub(super) const MACHINE: &str = "machine";

/// The names of a run block's values, as the registry of experiments has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The variants, Python peers included.
    pub variants: Vec<String>,
    /// Figures that `measure` events give for a variant.
    pub figures: Vec<String>,
    /// Figures that they give for the experiment.
    pub experiment_figures: Vec<String>,
}

/// What was measured so far.
#[derive(Debug, Clone)]
pub struct Values {
    machine: Machine,
    runs: BTreeMap<String, Arc<RunValues>>,
}

/// What one run block measured. The field names are those of templates.
#[derive(Debug, Clone, Default, Serialize)]
struct RunValues {
    winner: Option<String>,
    baseline: Option<String>,
    lost_update: Option<LostUpdate>,
    deadlock: Option<Deadlock>,
    python: Option<Json>,
    notes: Vec<NoteKind>,
    #[serde(flatten)]
    figures: Map<String, Json>,
    #[serde(skip)]
    variants: BTreeMap<String, Arc<VariantValues>>,
    #[serde(skip)]
    variant_figures: Vec<String>,
}

/// What it measured of one variant.
#[derive(Debug, Clone, Default, Serialize)]
struct VariantValues {
    runs: Option<u32>,
    correct_runs: Option<u32>,
    wrong_runs: Option<u32>,
    median_s: Option<f64>,
    q1_s: Option<f64>,
    q3_s: Option<f64>,
    ratio: Option<f64>,
    ratio_low: Option<f64>,
    ratio_high: Option<f64>,
    expected: Option<i64>,
    low: Option<i64>,
    high: Option<i64>,
    overlapped: Option<u32>,
    traced_runs: Option<u32>,
    updates: Option<u64>,
    lost: Option<u64>,
    lost_runs: Option<u32>,
    python: Option<String>,
    start_method: Option<String>,
    gil: Option<bool>,
    deadlock: Option<Deadlock>,
    #[serde(flatten)]
    figures: Map<String, Json>,
}

/// A name as templates write it.
fn in_template(name: &str) -> String {
    name.replace(['-', '.'], "_")
}

/// Figures under the names that templates have for them, all none.
fn unmeasured(figures: &[String]) -> Map<String, Json> {
    figures.iter().map(|figure| (in_template(figure), Json::Null)).collect()
}

impl Values {
    /// Nothing measured yet, on this machine.
    #[must_use]
    pub fn new(machine: &Machine) -> Self {
        Values { machine: machine.clone(), runs: BTreeMap::new() }
    }

    /// Registers the run block `id`: all its names exist from here on, and are
    /// none. A second call forgets what the block had measured.
    pub fn expect(&mut self, id: &str, names: &Names) {
        let variant =
            VariantValues { figures: unmeasured(&names.figures), ..VariantValues::default() };
        let variant = Arc::new(variant);
        let variants = names.variants.iter().map(|name| (in_template(name), Arc::clone(&variant)));
        let run = RunValues {
            figures: unmeasured(&names.experiment_figures),
            variants: variants.collect(),
            variant_figures: names.figures.clone(),
            ..RunValues::default()
        };
        self.runs.insert(in_template(id), Arc::new(run));
    }

    /// Takes in an event of the run block `id`. What was not registered, as the
    /// peer of a second Python, is registered by it.
    pub fn take(&mut self, id: &str, event: &Event) {
        let run = Arc::make_mut(self.runs.entry(in_template(id)).or_default());
        match event {
            Event::Run(event) => run.variant(&event.variant).take_run(event),
            Event::Measure(event) => run.take_measure(event),
            Event::LostUpdate(event) => {
                run.lost_update.get_or_insert_with(|| event.clone());
            }
            Event::Deadlock(event) => {
                run.deadlock.get_or_insert_with(|| event.clone());
                run.variant(&event.variant).deadlock = Some(event.clone());
            }
            Event::Python(event) => run.take_python(event),
            Event::Note(event) => {
                if !run.notes.contains(&event.kind) {
                    run.notes.push(event.kind);
                }
            }
            Event::Summary(event) => run.take_summary(event),
            Event::Start(_)
            | Event::Progress(_)
            | Event::Timeline(_)
            | Event::Curve(_)
            | Event::Schedules(_)
            | Event::Position(_)
            | Event::Line(_)
            | Event::Transfer(_)
            | Event::Answer(_)
            | Event::Machine(_)
            | Event::Price(_)
            | Event::Readiness(_)
            | Event::Room(_)
            | Event::Doing(_)
            | Event::Error(_)
            | Event::End(_) => {}
        }
    }

    /// What a template sees. `globals` are names of the engine's own; `missed`
    /// goes up when a value is read that was not measured.
    pub(super) fn context(&self, globals: BTreeSet<String>, missed: &Arc<AtomicBool>) -> Value {
        let mut root = Scope::new("", missed);
        root.leave(globals);
        let mut machine = Scope::new(MACHINE, missed);
        machine.fill(&json(&self.machine), &[]);
        root.set(MACHINE, Value::from_object(machine));
        for (id, run) in &self.runs {
            let (path, run, missed) = (id.clone(), Arc::clone(run), Arc::clone(missed));
            root.set_lazily(id, move || run.context(&path, &missed));
        }
        Value::from_object(root)
    }
}

impl RunValues {
    fn variant(&mut self, name: &str) -> &mut VariantValues {
        let new = || VariantValues {
            figures: unmeasured(&self.variant_figures),
            ..VariantValues::default()
        };
        Arc::make_mut(self.variants.entry(in_template(name)).or_insert_with(|| Arc::new(new())))
    }

    /// Keeps the first interpreter, or the first that can be used.
    fn take_python(&mut self, event: &Python) {
        let usable = event.fault.is_none();
        if self.python.as_ref().is_none_or(|first| usable && !first["fault"].is_null()) {
            let mut fields = json(event);
            // Absent from the JSON where there is none; templates have all names.
            fields["detail"] = json(&event.detail);
            self.python = Some(fields);
        }
    }

    fn take_measure(&mut self, event: &Measure) {
        let figures = match &event.variant {
            Some(variant) => &mut self.variant(variant).figures,
            None => &mut self.figures,
        };
        for (figure, value) in &event.values {
            figures.insert(in_template(figure), value.clone());
        }
    }

    fn take_summary(&mut self, event: &Summary) {
        self.baseline = Some(event.baseline.clone());
        self.winner.clone_from(&event.winner);
        for summary in &event.variants {
            self.variant(&summary.variant).take_summary(summary);
        }
    }

    fn context(&self, path: &str, missed: &Arc<AtomicBool>) -> Value {
        let mut scope = Scope::new(path, missed);
        let findings = ["winner", "lost_update", "deadlock", "python"];
        scope.fill(&json(self), if self.baseline.is_some() { &findings } else { &[] });
        for (name, variant) in &self.variants {
            let (path, variant) = (format!("{path}.{name}"), Arc::clone(variant));
            let missed = Arc::clone(missed);
            scope.set_lazily(name, move || variant.context(&path, &missed));
        }
        Value::from_object(scope)
    }
}

impl VariantValues {
    fn take_run(&mut self, event: &Run) {
        self.python = event.python.clone().or(self.python.take());
        self.start_method = event.start_method.clone().or(self.start_method.take());
        self.gil = event.gil.or(self.gil);
        self.expected = event.expected.or(self.expected);
        if event.traced {
            self.take_traced(event);
            return;
        }
        let wrong = u32::from(event.correct == Some(false));
        count(&mut self.runs, 1);
        count(&mut self.correct_runs, 1 - wrong);
        count(&mut self.wrong_runs, wrong);
        if let Some(got) = event.got {
            self.low = Some(self.low.map_or(got, |low| low.min(got)));
            self.high = Some(self.high.map_or(got, |high| high.max(got)));
        }
        if let Some(overlap) = event.overlap {
            count(&mut self.overlapped, u32::from(overlap > 0.0));
        }
    }

    fn take_traced(&mut self, event: &Run) {
        count(&mut self.traced_runs, 1);
        if let Some(updates) = event.updates {
            self.updates = Some(self.updates.unwrap_or(0).saturating_add(updates));
        }
        if let Some(lost) = &event.lost {
            let lost = lost.values().fold(0_u64, |sum, one| sum.saturating_add(*one));
            self.lost = Some(self.lost.unwrap_or(0).saturating_add(lost));
            count(&mut self.lost_runs, u32::from(lost > 0));
        }
    }

    fn take_summary(&mut self, summary: &VariantSummary) {
        self.runs = Some(summary.runs);
        self.correct_runs = Some(summary.correct_runs);
        self.wrong_runs = Some(summary.runs.saturating_sub(summary.correct_runs));
        self.median_s = summary.median_s;
        self.q1_s = summary.q1_s;
        self.q3_s = summary.q3_s;
        self.ratio = summary.ratio;
        self.ratio_low = summary.ratio_low;
        self.ratio_high = summary.ratio_high;
    }

    fn context(&self, path: &str, missed: &Arc<AtomicBool>) -> Value {
        let mut scope = Scope::new(path, missed);
        let ran = self.runs.is_some() || self.traced_runs.is_some();
        scope.fill(&json(self), if ran { &["deadlock"] } else { &[] });
        Value::from_object(scope)
    }
}

fn count(counter: &mut Option<u32>, more: u32) {
    *counter = Some(counter.unwrap_or(0) + more);
}

/// A value of ours as JSON. Numbers, strings, lists and maps with string keys
/// always can be.
fn json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}
