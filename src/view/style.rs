//! How output looks: colour, width, language, and whether it may move.
//!
//! Colour is a value that the view carries, decided once for each stream. Nothing
//! is told by colour alone: without it the same words stand there.

use colored::{ColoredString, Colorize};

use crate::lesson::doc::Lang;

/// What `--color` was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourChoice {
    /// Colour on a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Colour, wherever output goes.
    Always,
    /// No colour.
    Never,
}

/// How output looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether stdout takes colour.
    pub colour: bool,
    /// Whether stderr takes colour.
    pub errors_colour: bool,
    /// Columns that may be used; see [`width_for`].
    pub width: usize,
    /// The language of every fixed word.
    pub lang: Lang,
    /// Whether stderr is a terminal, where progress may be drawn.
    pub live: bool,
}

/// What a piece of text is; its colour follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// A title.
    Heading,
    /// `**strong**`, or a row that matters.
    Strong,
    /// `*emphasis*`.
    Emphasis,
    /// Code, and what is typed.
    Code,
    /// What may be passed over.
    Faint,
    /// Right, as expected.
    Good,
    /// Wrong, failed.
    Bad,
    /// Worth a look.
    Warning,
}

impl Paint {
    /// The text in this colour, for a stream that takes colour; otherwise as it is.
    pub fn on(self, text: &str, colour: bool) -> String {
        if !colour || text.is_empty() {
            return text.to_owned();
        }
        // `colored` decides by one switch for the process, which asks stdout alone.
        // It stands open for good: whether a stream has colour is decided above.
        colored::control::set_override(true);
        let painted: ColoredString = match self {
            Paint::Heading => text.bold().cyan(),
            Paint::Strong => text.bold(),
            Paint::Emphasis => text.italic(),
            Paint::Code => text.cyan(),
            Paint::Faint => text.dimmed(),
            Paint::Good => text.green(),
            Paint::Bad => text.red().bold(),
            Paint::Warning => text.yellow(),
        };
        painted.to_string()
    }
}

impl Style {
    /// The text as it stands on stdout.
    pub fn paint(&self, text: &str, paint: Paint) -> String {
        paint.on(text, self.colour)
    }

    /// The text as it stands on stderr.
    pub fn paint_error(&self, text: &str, paint: Paint) -> String {
        paint.on(text, self.errors_colour)
    }
}

/// Whether a stream takes colour: the choice comes first, then a `NO_COLOR` that is
/// not empty (no-color.org), then a `CLICOLOR_FORCE` other than empty and `0`
/// (bixense.com/clicolors), then whether it is a terminal that is not `dumb`.
pub fn colour_for(
    choice: ColourChoice,
    env: &dyn Fn(&str) -> Option<String>,
    is_terminal: bool,
) -> bool {
    let is_set = |name| env(name).is_some_and(|value| !value.is_empty());
    let forced = || env("CLICOLOR_FORCE").is_some_and(|value| !matches!(&*value, "" | "0"));
    let is_dumb = || env("TERM").as_deref() == Some("dumb");
    match choice {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto => !is_set("NO_COLOR") && (forced() || is_terminal && !is_dumb()),
    }
}

/// Columns to use: those of the terminal, at least 40 and at most 100, because longer
/// lines of text are hard to read; 80 off a terminal, so that what goes to a file or
/// another program does not depend on a window. `COLUMNS` is not asked for that
/// reason: shells keep it for themselves, and where it is exported it goes stale
/// with the first change of the window.
pub fn width_for(terminal_columns: Option<usize>) -> usize {
    terminal_columns.map_or(80, |columns| columns.clamp(40, 100))
}
