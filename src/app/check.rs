//! `parlab check`: faults of lesson texts, all of them.
//!
//! A text is read, held against the registry (experiments, variants, options,
//! regions of code), compared with the other language, its commands are tried on
//! the command line, and it is rendered as if it had run on several machines: with
//! everything, without Python, on one CPU, with one variant alone, with the race
//! seen and not seen.

use std::path::{Path, PathBuf};

use pulldown_cmark::{Event as Markdown, Parser, Tag, TagEnd};

use super::levels;
use super::rehearsal::{self, Scene};
use super::session::{Session, Stop, names};
use super::source;
use crate::experiments::options::{self, Unit};
use crate::experiments::{self, LESSONS, Lesson};
use crate::lesson::block::{Ask, Kind, RunBlock, Verdict};
use crate::lesson::doc::{self, Doc, Lang};
use crate::lesson::fault::{Fault, FaultKind};
use crate::lesson::template::{self, Renderer, Template};
use crate::lesson::translation;
use crate::lesson::values::Values;
use crate::machine;
use crate::view::format;

type Understood = fn(&[String]) -> Result<(), String>;

/// One lesson to check: its texts by name.
type Texts = Vec<(String, String)>;

/// Checks the lessons at `paths`, or those compiled in.
///
/// # Errors
/// [`Stop::Faults`] if there are any, and whatever else stops it.
pub fn check(session: &mut Session, paths: &[PathBuf], understood: Understood) -> Result<(), Stop> {
    let mut unreadable = false;
    let mut lessons: Vec<Texts> = Vec::new();
    for path in paths {
        match texts_at(path) {
            Ok(texts) => lessons.push(texts),
            Err((file, error)) => {
                unreadable = true;
                if let Stop::Output(error) = source::unreadable(session, &file, &error) {
                    return Err(Stop::Output(error));
                }
            }
        }
    }
    if paths.is_empty() {
        lessons.extend(LESSONS.iter().map(|lesson| compiled_in(lesson)));
    }
    let faults: Vec<Fault> =
        lessons.iter().flat_map(|texts| faults_of(texts, understood)).collect();
    for fault in &faults {
        session.view.fault(fault)?;
    }
    if !lessons.is_empty() {
        session.view.checked(lessons.iter().map(Vec::len).sum(), faults.len())?;
    }
    if unreadable || !faults.is_empty() { Err(Stop::Faults) } else { Ok(()) }
}

fn compiled_in(lesson: &'static Lesson) -> Texts {
    let text = |lang| {
        let (file, text) = source::text(lesson, lang);
        (file, text.to_string())
    };
    Lang::ALL.map(text).to_vec()
}

/// The text at a path, or those in a folder.
fn texts_at(path: &Path) -> Result<Texts, (PathBuf, std::io::Error)> {
    let files: Vec<PathBuf> = match path.is_dir() {
        false => vec![path.to_path_buf()],
        true => Lang::ALL
            .map(|lang| path.join(format!("{}.md", lang.code())))
            .into_iter()
            .filter(|file| file.exists())
            .collect(),
    };
    // A folder with neither is told as such.
    let files = if files.is_empty() { vec![path.to_path_buf()] } else { files };
    let mut texts = Vec::new();
    for file in files {
        match source::load(&file, Lang::En) {
            Ok((file, text)) => texts.push((file.display().to_string(), text)),
            Err(error) => return Err((file, error)),
        }
    }
    Ok(texts)
}

fn faults_of(texts: &Texts, understood: Understood) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut docs = Vec::new();
    for (file, text) in texts {
        match doc::parse(file, text) {
            Ok(doc) => docs.push(doc),
            Err(of_it) => faults.extend(of_it),
        }
    }
    for doc in &docs {
        let mut of_it = against_registry(doc);
        of_it.extend(commands(doc, understood));
        // What is rendered rests on experiments and variants that exist.
        if of_it.is_empty() {
            of_it = rehearse(doc);
        }
        faults.extend(of_it);
    }
    if let [en, it] = docs.as_slice() {
        faults.extend(translation::differences(en, it));
    }
    faults
}

/// Whether a text can be taught, whatever comes out, beside this one in the other language.
pub fn translates(doc: &Doc, own: &Doc) -> bool {
    let [en, it] = match Lang::of_file(&doc.file) {
        Some(Lang::En) => [doc, own],
        _ => [own, doc],
    };
    translation::differences(en, it).is_empty()
        && against_registry(doc).is_empty()
        && rehearse(doc).is_empty()
}

/// Names that the registry must know.
pub fn against_registry(doc: &Doc) -> Vec<Fault> {
    let home = source::home(doc);
    let mut faults = Vec::new();
    for block in &doc.blocks {
        match &block.kind {
            Kind::Run(run) => faults.extend(run_faults(doc, run)),
            Kind::Level(level) => faults.extend(levels::fault(doc, level)),
            Kind::Why(why) if experiments::experiment(&why.experiment).is_none() => {
                let at = why.experiment.at;
                faults.push(doc.fault(at, FaultKind::UnknownExperiment, &why.experiment));
            }
            Kind::Code(code) => {
                let rust = code.rust.as_ref().map(|name| (name, source::rust(home, name).err()));
                let python =
                    code.python.as_ref().map(|name| (name, source::python(home, name).err()));
                for (name, error) in rust.into_iter().chain(python) {
                    if let Some(error) = error {
                        faults.push(doc.fault(name.at, (&error).into(), &error.to_string()));
                    }
                }
            }
            _ => {}
        }
    }
    faults
}

fn run_faults(doc: &Doc, run: &RunBlock) -> Vec<Fault> {
    let Some((lesson, experiment)) = experiments::experiment(&run.experiment) else {
        let at = run.experiment.at;
        return vec![doc.fault(at, FaultKind::UnknownExperiment, &run.experiment)];
    };
    let place = |option: &str, item: usize| {
        run.places.get(option).and_then(|at| at.get(item)).copied().unwrap_or(run.id.at)
    };
    let mut faults = Vec::new();
    for (item, variant) in run.params.only.iter().flatten().enumerate() {
        if !experiment.variants.contains(&variant.as_str()) {
            faults.push(doc.fault(place("only", item), FaultKind::UnknownVariant, variant));
        }
    }
    let limit = run.params.seconds_limit;
    if limit.is_some_and(|seconds| !options::SECONDS.contains(&seconds)) {
        let detail = format!("seconds_limit: {:?}", options::SECONDS);
        faults.push(doc.fault(place("seconds_limit", 0), FaultKind::OutOfRange, &detail));
    }
    // A text may come from anybody: which program runs is for who types the command.
    for (item, python) in run.params.python.iter().flatten().enumerate() {
        if !["auto", "none", "all"].contains(&python.as_str()) {
            let detail = format!("python: auto, none, all; {python}");
            faults.push(doc.fault(place("python", item), FaultKind::OutOfRange, &detail));
        }
    }
    if run.params.game.is_some() {
        faults.push(doc.fault(place("game", 0), FaultKind::UnknownOption, "game"));
    }
    if run.params.parts.is_some() {
        faults.push(doc.fault(place("parts", 0), FaultKind::UnknownOption, "parts"));
    }
    faults.extend(text_faults(doc, run, lesson));
    for opt in options::ALL {
        let Some(value) = opt.get(&run.params) else { continue };
        let (least, most) = opt.range();
        if !lesson.takes(&run.experiment, opt) {
            faults.push(doc.fault(place(opt.field(), 0), FaultKind::UnknownOption, opt.field()));
        } else if !(least..=most).contains(&value) {
            let detail = match opt.unit() {
                Unit::Count | Unit::Seed => format!("{}: {least} … {most}", opt.field()),
                Unit::Duration => {
                    format!("{}: {} … {}", opt.field(), seconds(least), seconds(most))
                }
                Unit::Text => unreachable!("a text is no number"),
            };
            faults.push(doc.fault(place(opt.field(), 0), FaultKind::OutOfRange, &detail));
        }
    }
    faults
}

/// A text may come from anybody: what is fetched, where it is kept, which door is opened and whose
/// key is read is for who types the command. A text may only say that it wants none of what was typed, by an empty list or text.
fn text_faults(doc: &Doc, run: &RunBlock, lesson: &Lesson) -> Vec<Fault> {
    let mut faults = Vec::new();
    for opt in options::ALL {
        let Some(texts) = opt.texts(&run.params) else { continue };
        let place = run.places.get(opt.field()).and_then(|at| at.first().copied());
        let at = place.unwrap_or(run.id.at);
        if !lesson.takes(&run.experiment, opt) {
            faults.push(doc.fault(at, FaultKind::UnknownOption, opt.field()));
        } else if texts.iter().any(|text| !text.is_empty()) {
            let detail = format!("{}: {}", opt.field(), texts.join(", "));
            faults.push(doc.fault(at, FaultKind::OutOfRange, &detail));
        }
    }
    faults
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// Every `parlab …` in the text, as code or in a block of commands, must be understood.
fn commands(doc: &Doc, understood: Understood) -> Vec<Fault> {
    let mut faults = Vec::new();
    for template in doc.blocks.iter().flat_map(|block| block.kind.templates()) {
        let mut in_block = false;
        for (event, range) in Parser::new(&template.source).into_offset_iter() {
            match event {
                Markdown::Start(Tag::CodeBlock(_)) => in_block = true,
                Markdown::End(TagEnd::CodeBlock) => in_block = false,
                Markdown::Code(text) => {
                    faults.extend(command_fault(doc, template, range.start, &text, understood));
                }
                Markdown::Text(text) if in_block => {
                    for line in text.lines() {
                        faults.extend(command_fault(doc, template, range.start, line, understood));
                    }
                }
                _ => {}
            }
        }
    }
    faults
}

fn command_fault(
    doc: &Doc,
    template: &Template,
    at: usize,
    text: &str,
    understood: Understood,
) -> Option<Fault> {
    let words: Vec<String> = text.split_whitespace().map(str::to_string).collect();
    if words.first().map(String::as_str) != Some("parlab") {
        return None;
    }
    let why = understood(&words).err()?;
    let detail = format!("{}: {why}", text.trim());
    Some(doc.fault(template.place(at), FaultKind::BadCommand, &detail))
}

/// Renders everything in every scene; each fault once.
fn rehearse(doc: &Doc) -> Vec<Fault> {
    let lang = Lang::of_file(&doc.file).unwrap_or(Lang::En);
    let renderer = Renderer::new(|env| format::install(env, lang));
    // Typos hide in sentences that no scene chooses, too.
    let mut faults: Vec<Fault> = template::unknown_names(doc, &every_name(doc));
    for scene in rehearsal::scenes(doc) {
        for fault in rehearse_scene(doc, &renderer, &scene) {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    faults
}

/// Values in which every name that the text may use exists.
fn every_name(doc: &Doc) -> Values {
    let mut values = Values::new(&machine::describe());
    let whys = doc.blocks.iter().filter_map(|block| match &block.kind {
        Kind::Why(why) => Some((&why.experiment, &why.experiment)),
        _ => None,
    });
    let runs = doc.runs().map(|run| (&run.id, &run.experiment));
    for (id, experiment) in whys.chain(runs) {
        if let Some((_, experiment)) = experiments::experiment(experiment) {
            values.expect(id, &names(experiment));
        }
    }
    values
}

fn rehearse_scene(doc: &Doc, renderer: &Renderer, scene: &Scene) -> Vec<Fault> {
    let mut values = Values::new(&scene.machine());
    let mut faults = Vec::new();
    for block in &doc.blocks {
        match &block.kind {
            Kind::Run(run) => scene.play(run, &mut values),
            Kind::Text(text) => faults.extend(renderer.render(doc, text, &values).err()),
            Kind::Verdict(verdict) => {
                let ask = doc.ask(&verdict.ask);
                faults.extend(verdict_faults(doc, renderer, verdict, ask, &values));
            }
            Kind::Why(why) => {
                let values = scene.compared(&why.experiment);
                faults.extend(renderer.render(doc, &why.text, &values).err());
            }
            Kind::Code(_) | Kind::Ask(_) | Kind::Part(_) | Kind::Level(_) => {}
        }
    }
    faults
}

fn verdict_faults(
    doc: &Doc,
    renderer: &Renderer,
    verdict: &Verdict,
    ask: Option<&Ask>,
    values: &Values,
) -> Vec<Fault> {
    let replies = verdict.said.iter().map(|said| &said.text);
    let templates = std::iter::once(&verdict.outcome).chain(replies);
    let mut faults: Vec<Fault> =
        templates.filter_map(|t| renderer.render(doc, t, values).err()).collect();
    for answer in ask.iter().flat_map(|ask| &ask.answers) {
        faults.extend(renderer.holds(doc, &answer.holds, values).err());
    }
    faults
}
