//! Values by name, as the engine asks for them.
//!
//! There are three ways in which a name can have no value, and a [`Scope`] keeps
//! them apart: it was looked for and not found (`none`), it was not measured
//! (undefined), it does not exist (an error that surfaces wherever it is read).
//!
//! A text reads few of the values that there are, so one that takes work to make is
//! made when it is first asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use minijinja::value::{Enumerator, Object};
use minijinja::{Error, ErrorKind, Value};
use serde_json::Value as Json;

/// A value that is made when it is first asked for.
type Lazy = LazyLock<Value, Box<dyn FnOnce() -> Value + Send>>;

/// Values by name.
#[derive(Debug)]
pub(super) struct Scope {
    /// What it is called, for errors.
    path: String,
    /// What was measured; `none` is what was looked for and not found.
    fields: BTreeMap<String, Lazy>,
    /// What exists and was not measured: undefined, as the engine has it.
    pending: BTreeSet<String>,
    /// Names that are found elsewhere. Every other name does not exist.
    foreign: BTreeSet<String>,
    /// Goes up when something pending is read.
    missed: Arc<AtomicBool>,
}

/// A name that does not exist, as the source of the engine's error.
#[derive(Debug, thiserror::Error)]
#[error("no value is called {0}")]
pub(super) struct UnknownName(pub(super) String);

impl Scope {
    /// An empty scope that is called `path`; `missed` goes up when something in it
    /// is read that was not measured.
    pub(super) fn new(path: &str, missed: &Arc<AtomicBool>) -> Self {
        Scope {
            path: path.to_owned(),
            fields: BTreeMap::new(),
            pending: BTreeSet::new(),
            foreign: BTreeSet::new(),
            missed: Arc::clone(missed),
        }
    }

    /// Leaves `names` to whoever is asked next.
    pub(super) fn leave(&mut self, names: BTreeSet<String>) {
        self.foreign = names;
    }

    /// Adds a value, instead of one of the same name.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.set_lazily(name, move || value);
    }

    /// The same for a value that takes work to make.
    pub(super) fn set_lazily(&mut self, name: &str, make: impl FnOnce() -> Value + Send + 'static) {
        self.fields.insert(name.to_owned(), Lazy::new(Box::new(make)));
    }

    /// Adds the fields of a JSON object. A null was not measured, but for those in
    /// `findings`, which were looked for and not found.
    pub(super) fn fill(&mut self, object: &Json, findings: &[&str]) {
        for (name, value) in object.as_object().into_iter().flatten() {
            if value.is_null() && !findings.contains(&name.as_str()) {
                self.pending.insert(name.clone());
            } else {
                self.set(name, known(value, &self.path_of(name), &self.missed));
            }
        }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// A value all of which is known: nulls in it are none.
fn known(value: &Json, path: &str, missed: &Arc<AtomicBool>) -> Value {
    match value {
        Json::Object(fields) => {
            let mut scope = Scope::new(path, missed);
            for (name, value) in fields {
                scope.set(name, known(value, &scope.path_of(name), missed));
            }
            Value::from_object(scope)
        }
        Json::Array(items) => items.iter().map(|item| known(item, path, missed)).collect(),
        Json::String(text) => text.as_str().into(),
        Json::Bool(truth) => (*truth).into(),
        Json::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or(number.as_u64().map(Value::from))
            .unwrap_or_else(|| number.as_f64().into()),
        Json::Null => ().into(),
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let Some(name) = key.as_str() else {
            return Some(unknown(self.path_of(&key.to_string())));
        };
        if let Some(value) = self.fields.get(name) {
            return Some(LazyLock::force(value).clone());
        }
        if self.pending.contains(name) {
            self.missed.store(true, Ordering::Relaxed);
            return None;
        }
        (!self.foreign.contains(name)).then(|| unknown(self.path_of(name)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.fields.keys().map(Value::from).collect())
    }
}

/// A value that is an error as soon as it is read.
fn unknown(path: String) -> Value {
    Error::from(ErrorKind::UndefinedError).with_source(UnknownName(path)).into()
}
