//! Templates of a lesson text, and the engine that fills them.
//!
//! The engine is minijinja with three rules of ours, so that no text can tell
//! what this machine did not show:
//! - a name that does not exist is a fault wherever it is read, even in an `if`
//!   ([`FaultKind::UnknownValue`]);
//! - a value that was not measured here can be tested (`{% if x %}`,
//!   `{% if x is not none %}`, `x | default("–")`) and used in no other way: to
//!   print it, to compare it or to count with it is a fault
//!   ([`FaultKind::NotMeasured`]). Plain `none` would not do: minijinja prints it,
//!   and holds it to be less than every number;
//! - a value that was looked for and not found (no winner, no deadlock) is `none`:
//!   it may be compared as well, but not printed.
//!
//! Only numbers and words are printed: a truth chooses a sentence. Of the engine's
//! filters there are those that keep to this (`abs`, `default`, `first`, `last`,
//! `length`, `max`, `min`, `round`), of its tests `none` and `defined`, of its functions
//! `range`; `join` and the like would print a `none` in a list.
//!
//! Nothing is escaped (the output is Markdown), and a line that holds nothing but a tag
//! leaves no blank line.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{DynObject, ValueKind};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, filters, functions,
};

use super::block::{Block, Kind};
use super::doc::Doc;
use super::fault::{Fault, FaultKind, Faults};
use super::scope::UnknownName;
use super::values::Values;

/// A template, or an expression, and where it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The text itself.
    pub source: String,
    /// Byte offset in the file of its first byte, or of the TOML string it is.
    at: usize,
    /// Whether it stands in the file as it is, byte for byte: then a place in it is one in the file.
    verbatim: bool,
}

impl Template {
    /// A template that stands at byte `at` of its file.
    pub(super) fn new(source: &str, at: usize) -> Self {
        Template { source: source.to_owned(), at, verbatim: true }
    }

    /// A template that is a TOML string: `written` is the string as it stands at
    /// byte `at` of the file, `value` what it means.
    pub(super) fn in_toml(written: &str, at: usize, value: &str) -> Self {
        let quotes =
            if written.starts_with("\"\"\"") || written.starts_with("'''") { 3 } else { 1 };
        let inner = written.get(quotes..written.len().saturating_sub(quotes)).unwrap_or_default();
        // TOML leaves out a newline right after three quotes.
        let first = if quotes == 3 {
            inner.strip_prefix("\r\n").or(inner.strip_prefix('\n'))
        } else {
            None
        };
        let content = first.unwrap_or(inner);
        let verbatim = content == value;
        let skipped = if verbatim { quotes + inner.len() - content.len() } else { 0 };
        Template { source: value.to_owned(), at: at + skipped, verbatim }
    }

    /// Byte offset in the file of a byte of the template; where escapes stand
    /// between the two, of the string.
    #[must_use]
    pub fn place(&self, offset: usize) -> usize {
        if self.verbatim { self.at + offset.min(self.source.len()) } else { self.at }
    }
}

/// Fills templates and evaluates expressions.
#[derive(Debug)]
pub struct Renderer {
    env: Environment<'static>,
}

impl Renderer {
    /// A renderer with the filters that `install` adds.
    #[must_use]
    pub fn new(install: impl FnOnce(&mut Environment<'static>)) -> Self {
        let mut env = environment();
        install(&mut env);
        Renderer { env }
    }

    /// Fills a template of `doc`.
    ///
    /// # Errors
    /// [`FaultKind::UnknownValue`], [`FaultKind::NotMeasured`], or
    /// [`FaultKind::Template`] for all else, at its place in the file.
    pub fn render(&self, doc: &Doc, template: &Template, values: &Values) -> Result<String, Fault> {
        let (context, _) = context(&self.env, values);
        self.env.render_str(&template.source, context).map_err(|error| fault(doc, template, &error))
    }

    /// Whether an expression of `doc` is true of what was measured.
    ///
    /// None if it reads a value which was not measured, whatever it says of it: no
    /// answer holds, or falls, for want of a number.
    ///
    /// # Errors
    /// As [`Renderer::render`], without [`FaultKind::NotMeasured`].
    pub fn holds(
        &self,
        doc: &Doc,
        expression: &Template,
        values: &Values,
    ) -> Result<Option<bool>, Fault> {
        let (context, missed) = context(&self.env, values);
        let result = self
            .env
            .compile_expression_owned(expression.source.clone())
            .and_then(|compiled| compiled.eval(context));
        match result {
            Ok(value) => Ok((!missed.load(Ordering::Relaxed)).then(|| value.is_true())),
            Err(error) if missed.load(Ordering::Relaxed) && unknown_name(&error).is_none() => {
                Ok(None)
            }
            Err(error) => Err(fault(doc, expression, &error)),
        }
    }
}

/// The values as the engine takes them, and a flag that goes up when one is read
/// that was not measured.
fn context(env: &Environment, values: &Values) -> (Value, Arc<AtomicBool>) {
    let missed = Arc::new(AtomicBool::new(false));
    let globals = env.globals().map(|(name, _)| name.to_owned()).collect();
    (values.context(globals, &missed), missed)
}

/// The engine with the rules above, and no filters of ours.
fn environment<'s>() -> Environment<'s> {
    let mut env = Environment::empty();
    env.set_debug(true);
    // A text that loops for ever is a fault of the text, not a reason to hang.
    env.set_fuel(Some(1_000_000));
    env.set_auto_escape_callback(|_| AutoEscape::None);
    // Strict but for `if`, which is how a lesson guards; names that do not exist
    // are told apart from values not measured by the context itself.
    env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    env.set_formatter(|out, state, value| match value.kind() {
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::None => Err(Error::new(ErrorKind::UndefinedError, "none")),
        ValueKind::Number | ValueKind::String => minijinja::escape_formatter(out, state, value),
        kind => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("a {kind} cannot be printed, only a number or a word"),
        )),
    });
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    if let Ok(syntax) = syntax {
        env.set_syntax(syntax);
    }
    add_builtins(&mut env);
    env
}

fn add_builtins(env: &mut Environment) {
    env.add_filter("abs", filters::abs);
    env.add_filter("default", filters::default);
    env.add_filter("first", filters::first);
    env.add_filter("last", filters::last);
    // The engine's own counts what was not measured as nothing.
    env.add_filter("length", |group: DynObject| group.enumerator_len());
    env.add_filter("max", filters::max);
    env.add_filter("min", filters::min);
    env.add_filter("round", filters::round);
    env.add_test("defined", |value: &Value| !value.is_undefined());
    env.add_test("none", |value: &Value| value.is_none() || value.is_undefined());
    env.add_function("range", functions::range);
}

/// Adds the faults of templates and expressions that cannot be read.
pub(super) fn check(blocks: &[Block], faults: &mut Faults) {
    let env = environment();
    for block in blocks {
        for template in block.kind.templates() {
            if let Err(error) = env.template_from_str(&template.source) {
                add(template, &error, faults);
            }
        }
        let Kind::Ask(ask) = &block.kind else {
            continue;
        };
        for answer in &ask.answers {
            if let Err(error) = env.compile_expression(&answer.holds.source) {
                add(&answer.holds, &error, faults);
            }
        }
    }
}

/// The names that do not exist in all templates and expressions of `doc`, in
/// sentences that were not chosen too. What a name leads to through a variable or a
/// loop is seen when it is rendered, not here.
#[must_use]
pub fn unknown_names(doc: &Doc, values: &Values) -> Vec<Fault> {
    let env = environment();
    let root = context(&env, values).0;
    let mut faults = Vec::new();
    for block in &doc.blocks {
        for template in block.kind.templates() {
            let read = env.template_from_str(&template.source);
            let names = read.map(|read| read.undeclared_variables(true));
            faults.extend(unknown_among(names.unwrap_or_default(), template, &root, doc));
        }
        let Kind::Ask(ask) = &block.kind else {
            continue;
        };
        for answer in &ask.answers {
            let read = env.compile_expression(&answer.holds.source);
            let names = read.map(|read| read.undeclared_variables(true));
            faults.extend(unknown_among(names.unwrap_or_default(), &answer.holds, &root, doc));
        }
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults.dedup();
    faults
}

/// The faults of those paths, as `race.unlocked.runs`, that lead nowhere.
fn unknown_among(
    paths: HashSet<String>,
    template: &Template,
    root: &Value,
    doc: &Doc,
) -> impl Iterator<Item = Fault> {
    paths.into_iter().filter_map(move |path| {
        let mut value = root.clone();
        let mut walked = 0;
        for name in path.split('.') {
            walked += name.len();
            value = value.get_attr(name).ok()?;
            if value.kind() == ValueKind::Invalid {
                let at = template.source.find(&path[..walked]);
                let at = at.map_or(0, |at| at + walked - name.len());
                let place = template.place(at);
                return Some(doc.fault(place, FaultKind::UnknownValue, &path[..walked]));
            }
            walked += 1;
        }
        None
    })
}

fn add(template: &Template, error: &Error, faults: &mut Faults) {
    let at = template.place(offset(template, error));
    faults.add(at, FaultKind::Template, error.detail().unwrap_or_default());
}

/// Where in the template an error is.
fn offset(template: &Template, error: &Error) -> usize {
    let line = || {
        let lines = template.source.split_inclusive('\n');
        lines.take(error.line().unwrap_or(1) - 1).map(str::len).sum()
    };
    error.range().map_or_else(line, |range| range.start)
}

fn unknown_name(error: &Error) -> Option<&UnknownName> {
    std::error::Error::source(error)?.downcast_ref()
}

fn fault(doc: &Doc, template: &Template, error: &Error) -> Fault {
    if let Some(UnknownName(name)) = unknown_name(error) {
        let last = name.rsplit('.').next().unwrap_or(name);
        let at = template.place(offset_of(last, template, error));
        return doc.fault(at, FaultKind::UnknownValue, name);
    }
    if let Some(name) = unmeasured_name(template, error) {
        let at = template.place(offset_of(name, template, error));
        return doc.fault(at, FaultKind::NotMeasured, name);
    }
    let at = template.place(offset(template, error));
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    doc.fault(at, FaultKind::Template, &detail)
}

/// The value whose want is the error, as the template writes it.
fn unmeasured_name<'a>(template: &'a Template, error: &'a Error) -> Option<&'a str> {
    // The engine's words, alone or in brackets, are "`race.locked.median_s` is undefined".
    let named = error.detail().and_then(|detail| detail.split_once("` is undefined"));
    let named = named.and_then(|(before, _)| before.rsplit('`').next());
    let failed = || template.source.get(error.range()?);
    named.or_else(|| if error.kind() == ErrorKind::UndefinedError { failed() } else { None })
}

/// Where in the template the name stands that an error is about. The range of an
/// error may begin before it (a path) or after it (a filter).
fn offset_of(name: &str, template: &Template, error: &Error) -> usize {
    let read = error.range().and_then(|range| template.source.get(..range.end));
    read.and_then(|read| read.rfind(name)).unwrap_or_else(|| offset(template, error))
}
