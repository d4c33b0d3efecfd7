//! `parlab lesson`: one loop over the blocks of a lesson, run or shown in their order.

use std::collections::{BTreeMap, BTreeSet};

use super::Chosen;
use super::check;
use super::keeper;
use super::reader::{self, Reader, Unsaid};
use super::record::{Change, Step};
use super::session::{Session, Stop};
use super::source;
use super::terminal::read_line;
use crate::event::{Error, ErrorKind, Event, Params};
use crate::experiments::{self, Experiment, Lesson, Opt, options};
use crate::lesson::block::{Ask, Block, Code, Kind, RunBlock, Verdict};
use crate::lesson::doc::Doc;
use crate::lesson::predict;
use crate::lesson::region::Region;
use crate::lesson::values::Values;
use crate::view::{CodeBlock, Part};

/// The parts that `--part` knows besides those of the lesson.
pub const ALL: &str = "all";
/// The name of what comes before the first part.
pub const CORE: &str = "core";

/// One lesson being taught.
struct Page<'a> {
    session: &'a mut Session,
    /// The text for each who reads, the one before the terminal first; all have the same blocks in
    /// the same order.
    docs: &'a [Doc],
    home: Option<&'static Lesson>,
    /// The lesson of the course that a student takes, whose steps are kept.
    taken: Option<&'static Lesson>,
    typed: &'a Params,
    values: Values,
    /// What was said, by question: the number of the answer, from 0.
    said: BTreeMap<String, usize>,
}

/// Teaches a lesson: its core, or the parts that were asked for.
///
/// # Errors
/// Whatever stops it.
pub fn page(
    session: &mut Session,
    chosen: &Chosen,
    parts: &[String],
    typed: &Params,
) -> Result<(), Stop> {
    // What is typed to see it again, and what it is called in events.
    let (address, name, registered) = match chosen {
        Chosen::Named(lesson) => (lesson.name.to_string(), lesson.name.to_string(), Some(*lesson)),
        Chosen::Path(path) => (path.display().to_string(), stem(path), None),
    };
    let asked = (!parts.is_empty()).then(|| parts.to_vec());
    let params = Params { parts: asked, ..shown(typed, registered) };
    session.start("lesson", &name, &params)?;
    let docs = source::read_for_all(session, chosen)?;
    let doc = &docs[0];
    let home = registered.or_else(|| source::home(doc));
    let faults = check::against_registry(doc);
    if !faults.is_empty() {
        return Err(source::faulty(session, &faults));
    }
    let mut stretches = stretches(session, doc, parts)?;
    if parts.is_empty() {
        stretches.extend(brought(doc, home, typed));
    }
    let experiments = doc.runs().filter_map(|run| experiments::experiment(&run.experiment));
    known_variants(session, experiments.map(|(_, experiment)| experiment), typed)?;
    doors_lead_somewhere(session, doc, &stretches, typed)?;
    fits(session, doc, &stretches, typed)?;
    session.has_times(&shown_experiments(doc, &stretches))?;
    let values = Values::new(&session.machine);
    let taken = registered.filter(|_| session.prompting);
    let mut page = Page { session, docs: &docs, home, taken, typed, values, said: BTreeMap::new() };
    for stretch in &stretches {
        page.teach(stretch.as_deref())?;
    }
    reader::to_each(session, &docs, |reader, doc| {
        let others: Vec<_> = (doc.parts())
            .filter(|part| !stretches.iter().flatten().any(|shown| *shown == *part.name))
            .map(Part::from)
            .collect();
        match others.is_empty() {
            true => Ok(()),
            false => Ok(reader.view.parts(&address, &others)?),
        }
    })
}

/// `mine` for `mine.it.md`, `./mine/` and `mine/it.md` alike.
fn stem(path: &std::path::Path) -> String {
    let name = |path: &std::path::Path| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let file = name(path);
    let stem = file.strip_suffix(".md").unwrap_or(&file);
    let stem = stem.strip_suffix(".it").or(stem.strip_suffix(".en")).unwrap_or(stem);
    match stem {
        "en" | "it" => path.parent().map(name).filter(|n| !n.is_empty()).unwrap_or(file.clone()),
        other => other.to_string(),
    }
}

/// The parameters of the `start` event: what was typed over the lesson's defaults.
pub fn shown(typed: &Params, home: Option<&'static Lesson>) -> Params {
    let defaults = home.map(|lesson| lesson.defaults.clone()).unwrap_or_default();
    options::merge(typed, &options::merge(&defaults, &options::everywhere()))
}

/// What to show: `None` is the core, `Some` a part.
fn stretches(
    session: &mut Session,
    doc: &Doc,
    wanted: &[String],
) -> Result<Vec<Option<String>>, Stop> {
    let all: Vec<String> = doc.parts().map(|part| part.name.value.clone()).collect();
    let mut stretches = Vec::new();
    for name in wanted {
        match name.as_str() {
            ALL => stretches.extend(std::iter::once(None).chain(all.iter().cloned().map(Some))),
            CORE => stretches.push(None),
            part if all.iter().any(|known| known == part) => stretches.push(Some(part.to_string())),
            unknown => {
                session.view.error(&Error::new(
                    ErrorKind::UnknownPart,
                    Some(unknown.to_string()),
                    (!all.is_empty()).then(|| all.join(", ")),
                ))?;
                return Err(Stop::Usage);
            }
        }
    }
    if wanted.is_empty() {
        stretches.push(None);
    }
    Ok(stretches)
}

/// The parts that typed options bring along.
fn brought(doc: &Doc, home: Option<&'static Lesson>, typed: &Params) -> Vec<Option<String>> {
    let brought = home.into_iter().flat_map(|lesson| lesson.brought(typed));
    let part = |experiment: &Experiment| doc.parts().find(|part| *part.name == experiment.name);
    brought.filter_map(part).map(|part| Some(part.name.value.clone())).collect()
}

/// Each variant that was typed must be one of these experiments, which are to run.
///
/// # Errors
/// [`Stop::Usage`] if one is not; the view has been told.
pub fn known_variants(
    session: &mut Session,
    experiments: impl Iterator<Item = &'static Experiment>,
    typed: &Params,
) -> Result<(), Stop> {
    let known: BTreeSet<&str> =
        experiments.flat_map(|experiment| experiment.variants.iter().copied()).collect();
    let mut unknown = typed.only.iter().flatten().filter(|name| !known.contains(name.as_str()));
    let Some(unknown) = unknown.next() else {
        return Ok(());
    };
    let known: Vec<&str> = known.into_iter().collect();
    session.view.error(&Error::new(
        ErrorKind::UnknownVariant,
        Some(unknown.clone()),
        Some(known.join(", ")),
    ))?;
    Err(Stop::Usage)
}

/// Who opens a door for another terminal must not wait at it in vain: something that is shown has to
/// use it, by a variant of the option's name.
fn doors_lead_somewhere(
    session: &mut Session,
    doc: &Doc,
    stretches: &[Option<String>],
    typed: &Params,
) -> Result<(), Stop> {
    for door in [Opt::Listen, Opt::Connect].into_iter().filter(|opt| opt.texts(typed).is_some()) {
        let users = doc.blocks.iter().filter(|block| runs_variant(block, door.name()));
        let parts: Vec<&Option<String>> = users.map(|block| &block.part).collect();
        if !parts.iter().any(|&part| stretches.contains(part)) {
            let part = parts.first().map(|part| part.as_deref().unwrap_or(CORE));
            session.view.error(&Error::new(
                ErrorKind::UnusedOption,
                Some(format!("--{}", door.name())),
                part.map(|part| format!("--part {part}")),
            ))?;
            return Err(Stop::Usage);
        }
    }
    Ok(())
}

/// Whether a block runs an experiment that has this variant.
fn runs_variant(block: &Block, name: &str) -> bool {
    let Kind::Run(run) = &block.kind else { return false };
    let experiment = experiments::experiment(&run.experiment);
    experiment.is_some_and(|(_, experiment)| experiment.variants.contains(&name))
}

/// The experiments that will run.
fn shown_experiments(doc: &Doc, stretches: &[Option<String>]) -> Vec<&'static Experiment> {
    let shown = doc.blocks.iter().filter(|block| stretches.contains(&block.part));
    let experiment = |block: &Block| match &block.kind {
        Kind::Run(run) => experiments::experiment(&run.experiment).map(|(_, it)| it),
        _ => None,
    };
    shown.filter_map(experiment).collect()
}

/// What will run must fit into its time limit, all of it: no lesson is begun that cannot be ended.
fn fits(
    session: &mut Session,
    doc: &Doc,
    stretches: &[Option<String>],
    typed: &Params,
) -> Result<(), Stop> {
    for block in doc.blocks.iter().filter(|block| stretches.contains(&block.part)) {
        if let Kind::Run(run) = &block.kind
            && let Some((lesson, experiment)) = experiments::experiment(&run.experiment)
        {
            session.fits(experiment, &in_force(typed, run, lesson, experiment))?;
        }
    }
    Ok(())
}

impl Page<'_> {
    fn teach(&mut self, part: Option<&str>) -> Result<(), Stop> {
        self.keep(Step::Begun(part.map(str::to_owned)))?;
        let blocks = self.docs[0].blocks.iter().enumerate();
        for (at, block) in blocks.filter(|(_, block)| block.part.as_deref() == part) {
            match &block.kind {
                Kind::Text(_) | Kind::Part(_) => self.text(at)?,
                Kind::Code(code) => self.code(code)?,
                Kind::Ask(ask) => self.ask(at, ask)?,
                Kind::Run(run) => self.run(run)?,
                Kind::Verdict(verdict) => self.verdict(at, verdict)?,
                Kind::Why(_) | Kind::Level(_) => {}
            }
        }
        self.keep(Step::Ended(part.map(str::to_owned)))
    }

    /// Keeps what a student did, if one takes this lesson.
    fn keep(&mut self, step: Step) -> Result<(), Stop> {
        let Some(lesson) = self.taken else { return Ok(()) };
        keeper::keep(self.session, Change { lesson: lesson.name, step })
    }

    /// Shows the block at this place to everyone who reads, in their language.
    fn for_each(
        &mut self,
        at: usize,
        show: impl Fn(&mut Reader, &Doc, &Kind, &Values) -> Result<(), Unsaid>,
    ) -> Result<(), Stop> {
        let values = &self.values;
        reader::to_each(self.session, self.docs, |reader, doc| {
            show(reader, doc, &doc.blocks[at].kind, values)
        })
    }

    fn text(&mut self, at: usize) -> Result<(), Stop> {
        self.for_each(at, |reader, doc, kind, values| match kind {
            Kind::Text(text) => {
                let text = reader.fill(doc, text, values)?;
                Ok(reader.view.prose(&text)?)
            }
            Kind::Part(part) => Ok(reader.view.heading(&part.title)?),
            _ => Ok(()),
        })
    }

    fn code(&mut self, code: &Code) -> Result<(), Stop> {
        let shown = self.session.settings.code;
        let wanted = [
            ("Rust", code.rust.as_ref().filter(|_| shown.rust())),
            ("Python", code.python.as_ref().filter(|_| shown.python())),
        ];
        for (language, name) in wanted {
            let Some(name) = name else { continue };
            let cut = match language {
                "Rust" => source::rust(self.home, name),
                _ => source::python(self.home, name),
            };
            match cut {
                Ok((file, region)) => {
                    let Region { first_line, lines } = region;
                    let code = CodeBlock { language, file, first_line, lines };
                    let mut readers = self.session.readers().into_iter();
                    readers.try_for_each(|reader| reader.view.code(&code))?;
                }
                Err(error) => {
                    let fault = self.docs[0].fault(name.at, (&error).into(), &error.to_string());
                    return Err(source::faulty(self.session, &[fault]));
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, at: usize, ask: &Ask) -> Result<(), Stop> {
        let answers = ask.answers.len();
        self.for_each(at, |reader, _, kind, _| match kind {
            Kind::Ask(ask) => Ok(reader.view.question(&ask.question, &texts(ask))?),
            _ => Ok(()),
        })?;
        if let Some(said) = self.session.said_before(&ask.id) {
            let at = ask.answers.iter().position(|answer| *answer.belief == said);
            self.said.insert(ask.id.value.clone(), at.ok_or(Stop::Failed)?);
        }
        while self.session.prompting {
            let Some(line) = read_line(&self.session.signals)? else {
                // The end of input is no answer, and none will come later.
                self.session.prompting = false;
                break;
            };
            match line.trim().parse::<usize>() {
                _ if line.trim().is_empty() => break,
                Ok(number) if (1..=answers).contains(&number) => {
                    self.said.insert(ask.id.value.clone(), number - 1);
                    break;
                }
                _ => self.session.view.ask_again(answers)?,
            }
        }
        Ok(())
    }

    fn run(&mut self, block: &RunBlock) -> Result<(), Stop> {
        let Some((lesson, experiment)) = experiments::experiment(&block.experiment) else {
            let kind = crate::lesson::fault::FaultKind::UnknownExperiment;
            let fault = self.docs[0].fault(block.experiment.at, kind, &block.experiment);
            return Err(source::faulty(self.session, &[fault]));
        };
        let params = in_force(self.typed, block, lesson, experiment);
        self.session.experiment(&block.id, experiment, params, &mut self.values)?;
        Ok(())
    }

    fn verdict(&mut self, at: usize, verdict: &Verdict) -> Result<(), Stop> {
        let doc = &self.docs[0];
        let ask = doc.ask(&verdict.ask).expect("the file's rules hold");
        let said = self.said.get(&ask.id.value).copied();
        let judged = predict::judge(doc, ask, said, &self.session.renderer, &self.values);
        let answer = match judged {
            Ok(answer) => answer,
            Err(fault) => return Err(source::faulty(self.session, &[fault])),
        };
        let (belief, right) = (answer.said.clone(), answer.right);
        self.session.tell(&Event::Answer(answer.clone()))?;
        self.for_each(at, |reader, doc, kind, values| {
            let Kind::Verdict(verdict) = kind else { return Ok(()) };
            let outcome = reader.fill(doc, &verdict.outcome, values)?;
            let reply = belief.as_deref().and_then(|belief| verdict.said(belief));
            let reply = reply.map(|text| reader.fill(doc, text, values)).transpose()?;
            let answers = doc.ask(&verdict.ask).map(texts).unwrap_or_default();
            let words = said.and_then(|index| answers.get(index)).map(String::as_str);
            Ok(reader.view.verdict(words, right, &outcome, reply.as_deref())?)
        })?;
        self.keep(Step::Answered(answer))
    }
}

/// The answers to a question.
fn texts(ask: &Ask) -> Vec<String> {
    ask.answers.iter().map(|answer| answer.text.clone()).collect()
}

/// The parameters of a run block: what was typed, unless the block fixes it, over
/// the block's own, over the lesson's defaults. Variants that the experiment does
/// not have (they were typed for another one of the page) do not count.
pub fn in_force(
    typed: &Params,
    block: &RunBlock,
    lesson: &Lesson,
    experiment: &Experiment,
) -> Params {
    let mut typed = typed.clone();
    for option in &block.fixed {
        match option.value.as_str() {
            "only" => typed.only = None,
            // Who says that no Python runs here is not overruled by a text.
            "python" if typed.python.as_deref() != Some(&["none".to_string()]) => {
                typed.python = None;
            }
            "python" => {}
            "seed" => typed.seed = None,
            "seconds_limit" => typed.seconds_limit = None,
            field => {
                let opt = options::ALL.into_iter().find(|opt| opt.field() == field);
                opt.expect("the file's rules know no other option").clear(&mut typed);
            }
        }
    }
    if let Some(only) = &mut typed.only {
        only.retain(|name| experiment.variants.contains(&name.as_str()));
    }
    typed.only = typed.only.filter(|only| !only.is_empty());
    let defaults = options::merge(&lesson.defaults, &options::everywhere());
    options::merge(&typed, &options::merge(&block.params, &defaults))
}
