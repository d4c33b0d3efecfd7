//! One command from its first event to its last: the view it draws on, the signals
//! it listens to, and the exit code that its end gives.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use super::Code;
use super::export::{Export, Target};
use super::keeper::Keeper;
use super::reader::Reader;
use super::replay::Replay;
use crate::event::{self, EndReason, ErrorKind, Event, Params, Start};
use crate::experiments::{Experiment, told};
use crate::lesson::doc::Lang;
use crate::lesson::template::Renderer;
use crate::lesson::values::{Names, Values};
use crate::machine;
use crate::runner::{self, Asked, Ending, Request, Signals};
use crate::view::json::Json;
use crate::view::output::Output;
use crate::view::style::{ColourChoice, Style, colour_for, width_for};
use crate::view::text::{Options, Text};
use crate::view::{View, format};

/// The options that every command has.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `--lang`.
    pub lang: Lang,
    /// `--color`.
    pub colour: ColourChoice,
    /// `--json`.
    pub json: bool,
    /// `--yes`.
    pub yes: bool,
    /// `--code`.
    pub code: Code,
    /// `-q`.
    pub quiet: bool,
    /// `-v`.
    pub verbose: bool,
    /// `--export`.
    pub export: Option<Target>,
}

/// Why a command stops before its work is done.
#[derive(Debug)]
pub enum Stop {
    /// Output cannot be written; a closed pipe among the reasons.
    Output(io::Error),
    /// Ctrl-C or TERM.
    Asked(Asked),
    /// `--seconds-limit`.
    TimeLimit,
    /// It failed, and the view has been told why.
    Failed,
    /// It cannot be done as it was typed, and the view has been told why.
    Usage,
    /// The work is done and found faults, which were shown.
    Faults,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Output(error)
    }
}

impl Stop {
    /// What the end of a run means for the command.
    ///
    /// # Errors
    /// Whatever but [`Ending::Done`].
    pub fn unless_done(ending: Ending) -> Result<(), Stop> {
        match ending {
            Ending::Done => Ok(()),
            Ending::Failed => Err(Stop::Failed),
            Ending::TimeLimit => Err(Stop::TimeLimit),
            Ending::Asked(asked) => Err(Stop::Asked(asked)),
        }
    }
}

/// Whether an experiment had anything to run: all that was asked for may be missing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// It measured.
    Something,
    /// No variant that was asked for could run.
    Nothing,
}

/// What the commands work with.
pub struct Session {
    /// The options of everything.
    pub settings: Settings,
    /// Where everything is drawn.
    pub view: Box<dyn View>,
    /// The machine, described once.
    pub machine: event::Machine,
    /// Fills the texts of lessons.
    pub renderer: Renderer,
    /// Whether a student can be asked.
    pub prompting: bool,
    /// Ctrl-C and TERM.
    pub signals: Signals,
    /// What the reader sees, to be watched for its closing.
    pub stdout: OwnedFd,
    /// Keeps what the student does in the course.
    pub keeper: Keeper,
    /// What is kept for a file.
    pub(super) export: Option<Export>,
    /// A run that was kept, to be told in the place of a new one.
    pub(super) replay: Option<Replay>,
    ending: Rc<Cell<bool>>,
    /// Whether a `start` was sent, which an `end` must then answer.
    pub(super) started: bool,
}

/// Conducts one command: opens the session, does the work, tells the end, gives the exit code.
pub fn conduct(settings: Settings, work: impl FnOnce(&mut Session) -> Result<(), Stop>) -> u8 {
    let mut session = match Session::open(settings.clone()) {
        Ok(session) => session,
        Err(error) => return cannot_open(&settings, error),
    };
    let done = work(&mut session);
    session.close(done)
}

/// Without descriptors or signals there is no session; it is told all the same.
fn cannot_open(settings: &Settings, error: io::Error) -> u8 {
    let error = told(&anyhow::Error::new(error));
    let mut view = Text::new(
        Box::new(io::sink()),
        Box::new(io::stderr()),
        style(settings),
        Options::default(),
    );
    let _ = view.event(&Event::Error(error));
    1
}

/// How output looks here.
pub fn style(settings: &Settings) -> Style {
    let env = |name: &str| std::env::var(name).ok();
    let colour = |terminal| colour_for(settings.colour, &env, terminal);
    let columns = io::stdout().is_terminal().then(textwrap::termwidth);
    Style {
        colour: colour(io::stdout().is_terminal()),
        errors_colour: colour(io::stderr().is_terminal()),
        width: width_for(columns),
        lang: settings.lang,
        live: io::stderr().is_terminal(),
    }
}

impl Session {
    fn open(settings: Settings) -> io::Result<Self> {
        let signals = Signals::take()?;
        let ending = Rc::new(Cell::new(false));
        let stdout = io::stdout().as_fd().try_clone_to_owned()?;
        let to = stdout.try_clone()?;
        let stop = signals.as_fd().try_clone_to_owned()?;
        let output = Box::new(Output::new(to, stop, Rc::clone(&ending)));
        let prompting = !settings.yes
            && !settings.json
            && io::stdin().is_terminal()
            && io::stdout().is_terminal();
        let view: Box<dyn View> = match settings.json {
            true => Box::new(Json::new(output)),
            false => {
                let options = Options { quiet: settings.quiet, prompting };
                let to = io::stderr().as_fd().try_clone_to_owned()?;
                let stop = signals.as_fd().try_clone_to_owned()?;
                let errors = Box::new(Output::new(to, stop, Rc::clone(&ending)));
                Box::new(Text::new(output, errors, style(&settings), options))
            }
        };
        let lang = settings.lang;
        let export = settings.export.clone().map(|target| Export::new(target, lang));
        Ok(Session {
            settings,
            view,
            machine: machine::describe(),
            renderer: Renderer::new(|env| format::install(env, lang)),
            prompting,
            signals,
            stdout,
            keeper: Keeper::of(&|name| std::env::var_os(name)),
            export,
            replay: None,
            ending,
            started: false,
        })
    }

    /// Sends the `start` event, and tries whether there is a place for what is to be kept.
    ///
    /// # Errors
    /// [`Stop::Usage`] or [`Stop::Failed`] if there is none; when output cannot be written.
    pub fn start(&mut self, command: &str, lesson: &str, params: &Params) -> Result<(), Stop> {
        self.start_program(command, lesson, None, params)
    }

    /// The same for a program of a lesson.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_program(
        &mut self,
        command: &str,
        lesson: &str,
        program: Option<&str>,
        params: &Params,
    ) -> Result<(), Stop> {
        self.started = true;
        if self.replay.is_some() {
            return self.start_again();
        }
        let start = Event::Start(Box::new(Start {
            schema: event::SCHEMA,
            command: command.to_string(),
            lesson: lesson.to_string(),
            program: program.map(str::to_string),
            params: params.clone(),
            machine: self.machine.clone(),
        }));
        match self.export.as_ref().map_or(Ok(()), Export::try_target) {
            Ok(()) => Ok(self.tell(&start)?),
            Err(error) => {
                self.view.event(&start)?;
                Err(self.not_kept(&error))
            }
        }
    }

    /// Tells the reader, and whoever reads along, what happened.
    ///
    /// # Errors
    /// When output cannot be written.
    pub fn tell(&mut self, event: &Event) -> io::Result<()> {
        tell(self.view.as_mut(), self.export.as_mut(), event)
    }

    /// Everyone who reads: the one before the terminal first, then a page in each language.
    pub fn readers(&mut self) -> Vec<Reader<'_>> {
        let Session { settings, view, renderer, export, .. } = self;
        let here = Reader { lang: settings.lang, renderer, view: view.as_mut() };
        let others = export.iter_mut().flat_map(Export::readers);
        [here].into_iter().chain(others).collect()
    }

    /// Has nobody read along in another language than the reader's own.
    pub fn keep_to_one_language(&mut self) {
        if let Some(export) = &mut self.export {
            export.only(self.settings.lang);
        }
    }

    /// Refuses to run what would leave nothing in the file of `--export`.
    ///
    /// # Errors
    /// [`Stop::Usage`], or [`Stop::Output`].
    pub fn has_times(&mut self, experiments: &[&Experiment]) -> Result<(), Stop> {
        let tried = self.export.as_ref().map_or(Ok(()), |export| export.try_times(experiments));
        tried.map_err(|error| self.not_kept(&error))
    }

    /// Refuses what can never be done within `--seconds-limit`, before anything runs.
    ///
    /// # Errors
    /// [`Stop::Usage`], or [`Stop::Output`].
    pub fn fits(&mut self, experiment: &Experiment, params: &Params) -> Result<(), Stop> {
        // What was kept is done already.
        if self.replay.is_some() {
            return Ok(());
        }
        let least = experiment.least_s(params);
        match params.seconds_limit.filter(|&limit| least > limit) {
            None => Ok(()),
            Some(limit) => {
                self.view.error(&event::Error::new(
                    ErrorKind::TooLong,
                    Some(experiment.name.to_string()),
                    Some(format!("{least} s > {limit} s")),
                ))?;
                Err(Stop::Usage)
            }
        }
    }

    /// Runs one experiment; its events go to the view, and to `values` under `id`.
    ///
    /// # Errors
    /// Whatever stops the whole command.
    pub fn experiment(
        &mut self,
        id: &str,
        experiment: &'static Experiment,
        params: Params,
        values: &mut Values,
    ) -> Result<Ran, Stop> {
        values.expect(id, &names(experiment));
        let mut ran = Ran::Nothing;
        self.run(experiment, params, &mut |event| {
            if matches!(event, Event::Run(_) | Event::Measure(_)) {
                ran = Ran::Something;
            }
            values.take(id, event);
        })?;
        Ok(ran)
    }

    /// Runs one experiment; its events go to `heard`, then to the view.
    ///
    /// # Errors
    /// Whatever stops the whole command.
    pub fn run(
        &mut self,
        experiment: &'static Experiment,
        params: Params,
        heard: &mut dyn FnMut(&Event),
    ) -> Result<(), Stop> {
        if self.replay.is_some() {
            return self.run_again(experiment, heard);
        }
        let request = Request {
            experiment: experiment.name.to_string(),
            params,
            machine: self.machine.clone(),
            verbose: self.settings.verbose,
        };
        let (view, export) = (self.view.as_mut(), &mut self.export);
        let mut on_event = |event: Event| {
            heard(&event);
            tell(view, export.as_mut(), &event)
        };
        let ending = runner::run(&request, &self.signals, self.stdout.as_fd(), &mut on_event)?;
        Stop::unless_done(ending)
    }

    /// Tells the end and gives the exit code.
    fn close(mut self, done: Result<(), Stop>) -> u8 {
        self.ending.set(true);
        let stop = match done.and_then(|()| self.keep()) {
            // A write that was given up because of a signal is that signal's doing.
            Err(Stop::Output(error)) => match self.signals.asked() {
                Some(asked) => Err(Stop::Asked(asked)),
                None => Err(Stop::Output(error)),
            },
            other => other,
        };
        let (exit, reason) = match &stop {
            Ok(_) => (0, None),
            // Who reads no further has seen enough, unless there was to be a file of the whole.
            Err(Stop::Output(error))
                if error.kind() == io::ErrorKind::BrokenPipe && self.export.is_none() =>
            {
                return 0;
            }
            Err(Stop::Output(error)) => return self.output_failed(error),
            Err(Stop::Asked(Asked::Interrupt)) => (130, Some(EndReason::Interrupted)),
            Err(Stop::Asked(Asked::Terminate)) => (143, Some(EndReason::Terminated)),
            Err(Stop::TimeLimit) => (124, Some(EndReason::TimeLimit)),
            Err(Stop::Failed) => (1, Some(EndReason::Failed)),
            Err(Stop::Faults) => (1, None),
            Err(Stop::Usage) => (2, Some(EndReason::Failed)),
        };
        // A reader of text has seen why; a program waits for the last line.
        if !self.started && (reason.is_none() || !self.settings.json) {
            return exit;
        }
        let end = self.view.event(&Event::End(event::End { exit, reason }));
        let told = end.and_then(|()| match &stop {
            Ok(Some(file)) => self.view.kept(file),
            _ => Ok(()),
        });
        match told {
            Err(error) if exit == 0 && error.kind() != io::ErrorKind::BrokenPipe => {
                self.output_failed(&error)
            }
            _ => exit,
        }
    }

    /// What cannot be written to stdout is told on stderr.
    fn output_failed(&self, error: &io::Error) -> u8 {
        let mut view = Text::new(
            Box::new(io::sink()),
            Box::new(io::stderr()),
            style(&self.settings),
            Options::default(),
        );
        let _ = view.event(&Event::Error(event::Error::new(
            ErrorKind::Output,
            Some("stdout".to_string()),
            Some(error.to_string()),
        )));
        1
    }
}

fn tell(view: &mut dyn View, export: Option<&mut Export>, event: &Event) -> io::Result<()> {
    view.event(event)?;
    export.map_or(Ok(()), |export| export.event(event))
}

/// The names of an experiment's values, for templates.
pub fn names(experiment: &Experiment) -> Names {
    let owned = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
    Names {
        variants: owned(experiment.variants),
        figures: owned(experiment.figures),
        experiment_figures: owned(experiment.experiment_figures),
    }
}
