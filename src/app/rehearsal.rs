//! Rehearsals: the same text as it would meet other machines and other outcomes.
//!
//! A lesson text chooses its words by what was measured, so a fault may hide in a
//! sentence that this machine never prints. `check` plays made-up events for each
//! scene and looks whether the text can be rendered. Nothing of it is ever shown.

use std::collections::BTreeMap;

use serde_json::json;

use crate::event::{
    Deadlock, Event, Evidence, LostUpdate, Machine, Measure, Note, NoteKind, Op, Params, Python,
    PythonFault, Run, Step, Summary, VariantSummary, Wait,
};
use crate::experiments::{self, Experiment};
use crate::lesson::block::{Kind, RunBlock};
use crate::lesson::doc::Doc;
use crate::lesson::values::Values;
use crate::machine;

use super::page;
use super::session::names;

/// One machine and one outcome.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// Whether the race shows.
    wrong: bool,
    /// Whether there is a Python.
    python: bool,
    /// Whether there is only one CPU.
    one_cpu: bool,
    /// The variant that was asked for with `--only`.
    only: Option<String>,
    /// Fewer runs than an interval needs.
    few: bool,
}

/// All scenes in which a text must hold.
pub fn scenes(doc: &Doc) -> Vec<Scene> {
    let everything = Scene { wrong: true, python: true, ..Scene::default() };
    let mut scenes = vec![
        everything.clone(),
        Scene { wrong: false, ..everything.clone() },
        Scene { python: false, ..everything.clone() },
        Scene { one_cpu: true, ..everything.clone() },
        Scene { few: true, ..everything.clone() },
    ];
    // What a block fixes, no `--only` changes; `compare` has no blocks.
    let fixed = |run: &&RunBlock| run.fixed.iter().any(|option| option.value == "only");
    let shown = doc.runs().filter(|run| !fixed(run)).map(|run| run.experiment.value.as_str());
    let compared = doc.blocks.iter().filter_map(|block| match &block.kind {
        Kind::Why(why) => Some(why.experiment.value.as_str()),
        _ => None,
    });
    let mut variants: Vec<&str> = (shown.chain(compared))
        .filter_map(experiments::experiment)
        .flat_map(|(_, experiment)| experiment.variants.iter().copied())
        .collect();
    variants.sort_unstable();
    variants.dedup();
    for variant in variants {
        let only = Some(variant.to_string());
        scenes.push(Scene { only: only.clone(), ..everything.clone() });
        scenes.push(Scene { only, wrong: false, ..everything.clone() });
    }
    scenes
}

impl Scene {
    /// The machine of the scene.
    pub fn machine(&self) -> Machine {
        let mut machine = machine::describe();
        machine.usable = if self.one_cpu { vec![0] } else { vec![0, 1] };
        machine.cpus = machine.usable.len();
        machine
    }

    /// Plays a run block.
    pub fn play(&self, block: &RunBlock, values: &mut Values) {
        let Some((lesson, experiment)) = experiments::experiment(&block.experiment) else {
            return;
        };
        let typed = Params { only: self.only.clone().map(|one| vec![one]), ..Params::default() };
        let params = page::in_force(&typed, block, lesson, experiment);
        self.play_experiment(&block.id, experiment, params.only.as_deref(), values);
    }

    /// What `compare` would have measured of an experiment.
    pub fn compared(&self, name: &str) -> Values {
        let mut values = Values::new(&self.machine());
        if let Some((_, experiment)) = experiments::experiment(name) {
            let only = self.only.clone().map(|one| vec![one]);
            self.play_experiment(name, experiment, only.as_deref(), &mut values);
        }
        values
    }

    fn play_experiment(
        &self,
        id: &str,
        experiment: &'static Experiment,
        only: Option<&[String]>,
        values: &mut Values,
    ) {
        values.expect(id, &names(experiment));
        let wanted = |name: &str| only.is_none_or(|only| only.iter().any(|o| o == name));
        let variants: Vec<&str> = (experiment.variants.iter().copied())
            .filter(|name| wanted(name) && (self.python || !name.starts_with("python-")))
            .collect();
        let mut tell = |event| values.take(id, &event);
        tell(Event::Python(self.interpreter()));
        for name in &variants {
            for index in 0..if self.few { 1 } else { 10 } {
                tell(Event::Run(self.run(experiment, name, index)));
            }
            tell(Event::LostUpdate(lost_update(experiment, name)));
            tell(Event::Deadlock(deadlock(experiment, name)));
            let figures = experiment.figures.iter().map(|f| (f.to_string(), json!(1.5)));
            tell(Event::Measure(Measure {
                experiment: experiment.name.to_string(),
                variant: Some(name.to_string()),
                values: figures.collect(),
            }));
        }
        let figures = experiment.experiment_figures.iter().map(|f| (f.to_string(), json!(1.5)));
        tell(Event::Measure(Measure {
            experiment: experiment.name.to_string(),
            variant: None,
            values: figures.collect(),
        }));
        if self.one_cpu {
            tell(Event::Note(Note {
                experiment: experiment.name.to_string(),
                variant: None,
                kind: NoteKind::OneCpuWidened,
            }));
        }
        tell(Event::Summary(self.summary(experiment, &variants)));
    }

    fn interpreter(&self) -> Python {
        Python {
            path: Some("python3".to_string()),
            version: self.python.then(|| "3.11.2".to_string()),
            gil: self.python.then_some(true),
            fault: (!self.python).then_some(PythonFault::NotFound),
            detail: None,
        }
    }

    fn run(&self, experiment: &Experiment, variant: &str, index: u32) -> Run {
        let traced = index % 2 == 1;
        Run {
            experiment: experiment.name.to_string(),
            variant: variant.to_string(),
            index,
            traced,
            time_s: (!traced).then_some(0.001),
            expected: Some(100),
            got: Some(if self.wrong { 57 } else { 100 }),
            correct: Some(!self.wrong),
            overlap: Some(if self.one_cpu { 0.0 } else { 0.9 }),
            updates: traced.then_some(20_000),
            lost: traced.then(|| BTreeMap::from([("withdraw".to_string(), u64::from(self.wrong))])),
            python: variant.starts_with("python-").then(|| "3.11.2".to_string()),
            start_method: variant.starts_with("python-").then(|| "fork".to_string()),
            gil: variant.starts_with("python-").then_some(true),
            ..Run::default()
        }
    }

    fn summary(&self, experiment: &Experiment, variants: &[&str]) -> Summary {
        let interval = (!self.few).then_some(1.5);
        let one = |name: &&str| VariantSummary {
            racy: experiment.racy.contains(name),
            variant: name.to_string(),
            runs: 10,
            correct_runs: if self.wrong { 0 } else { 10 },
            median_s: Some(0.001),
            q1_s: Some(0.001),
            q3_s: Some(0.001),
            ratio: Some(1.5),
            ratio_low: interval,
            ratio_high: interval,
        };
        let winner = variants.last().filter(|_| !self.wrong);
        Summary {
            experiment: experiment.name.to_string(),
            baseline: variants.first().unwrap_or(&experiment.variants[0]).to_string(),
            variants: variants.iter().map(one).collect(),
            winner: winner.map(|name| name.to_string()),
        }
    }
}

fn lost_update(experiment: &Experiment, variant: &str) -> LostUpdate {
    let step = |op| Step { process: "deposit".to_string(), op, value: 57, write: (1, 1) };
    LostUpdate {
        experiment: experiment.name.to_string(),
        variant: variant.to_string(),
        index: 0,
        victim: "withdraw".to_string(),
        overwriter: "deposit".to_string(),
        lost: 1,
        steps: vec![step(Op::Load), step(Op::Store)],
        replay: None,
    }
}

fn deadlock(experiment: &Experiment, variant: &str) -> Deadlock {
    let wait = Wait {
        process: "a-to-b".to_string(),
        pid: 2,
        state: "S".to_string(),
        call: Some("futex".to_string()),
        resource: Some("lock-b".to_string()),
        holder: Some("b-to-a".to_string()),
        address: Some("0x1000".to_string()),
    };
    Deadlock {
        experiment: experiment.name.to_string(),
        variant: variant.to_string(),
        evidence: Evidence::Syscall,
        waits: vec![wait.clone(), wait],
    }
}
