//! The templates of a page and the engine that fills them: it escapes all that it is given, unless a
//! template says that it is markup of ours.

use std::io;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

/// Each with the name by which it is filled.
const ALL: &[(&str, &str)] = &[
    ("axis", include_str!("templates/axis.html")),
    ("code", include_str!("templates/code.html")),
    ("curves", include_str!("templates/curves.html")),
    ("deadlock", include_str!("templates/deadlock.html")),
    ("heading", include_str!("templates/heading.html")),
    ("lines", include_str!("templates/lines.html")),
    ("lost_update", include_str!("templates/lost_update.html")),
    ("note", include_str!("templates/note.html")),
    ("outcomes", include_str!("templates/outcomes.html")),
    ("page", include_str!("templates/page.html")),
    ("parts", include_str!("templates/parts.html")),
    ("prediction", include_str!("templates/prediction.html")),
    ("printed", include_str!("templates/printed.html")),
    ("programs", include_str!("templates/programs.html")),
    ("question", include_str!("templates/question.html")),
    ("table", include_str!("templates/table.html")),
    ("timeline", include_str!("templates/timeline.html")),
    ("title", include_str!("templates/title.html")),
    ("verdict", include_str!("templates/verdict.html")),
];

/// The templates, read.
pub(super) struct Templates {
    env: Environment<'static>,
}

impl Templates {
    /// # Panics
    /// If a template cannot be read: they came with the program, and a test fills each.
    pub fn new() -> Templates {
        let mut env = Environment::new();
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build();
        env.set_syntax(syntax.expect("blanks are no matter of syntax"));
        for (name, source) in ALL {
            env.add_template(name, source).expect("a template of the page");
        }
        Templates { env }
    }

    /// What a template makes of values.
    ///
    /// # Errors
    /// If it asks for a value that is not there.
    pub fn fill(&self, name: &str, values: Value) -> io::Result<String> {
        let template = self.env.get_template(name).map_err(io::Error::other)?;
        template.render(values).map_err(io::Error::other)
    }
}

/// A drawing, or what else can be written as data, as the templates take it.
pub(super) fn value(drawing: &impl Serialize) -> Value {
    Value::from(Serde(drawing))
}

/// A place along a drawing, from 0 to 1, as SVG has it: every length is a share, so that a drawing
/// fits any width while its text keeps its size.
pub(super) fn share(share: f64) -> String {
    format!("{:.2}%", share.clamp(0.0, 1.0) * 100.0)
}
