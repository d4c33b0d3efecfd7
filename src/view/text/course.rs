//! The course: a line for each lesson, whatever the width, and how to go on.

use textwrap::core::display_width;

use super::super::style::{Paint, Style};
use super::super::{CourseRow, Forgetting, Stage, markdown, visible, words};
use super::blocks;

/// Blanks between columns.
const GAP: &str = "  ";

/// The lessons with what was done of each.
pub(super) fn overview(rows: &[CourseRow], style: &Style) -> String {
    let sum = |number: fn(&CourseRow) -> usize| rows.iter().map(number).sum::<usize>();
    let done = sum(|row| usize::from(row.stage == Stage::Done));
    let (right, asked) = (sum(|row| row.right), sum(|row| row.asked));
    let heading = words::course_heading(style.lang, done, rows.len(), right, asked);
    let mut text = blocks::title(&heading, Paint::Heading, style);
    if rows.iter().all(|row| row.changed_s.is_none()) {
        text.push_str(&blocks::plain(&words::course_begins(style.lang, rows.len()), "", style));
    }
    text.push_str(&table(rows, style));
    text + "\n" + &blocks::title(words::course_legend(style.lang), Paint::Faint, style)
}

/// A line for each lesson, below a line of headings.
fn table(rows: &[CourseRow], style: &Style) -> String {
    let headings = words::course_columns(style.lang).map(str::to_owned);
    let cells: Vec<[String; 2]> = rows.iter().map(|row| cells(row, style)).collect();
    let widths = [0, 1].map(|column| {
        let cells = cells.iter().chain([&headings]).map(|cells| display_width(&cells[column]));
        cells.max().unwrap_or(0)
    });
    let columns = |cells: &[String; 2]| {
        let cell = |column: usize| {
            let blanks = widths[column] - display_width(&cells[column]);
            format!("{GAP}{}{}", " ".repeat(blanks), cells[column])
        };
        cell(0) + &cell(1)
    };
    let digits = rows.len().to_string().len();
    // The arrow, the number, the mark, and their gaps.
    let before = 2 + digits + 2 + 1 + 2;
    let after = widths.iter().sum::<usize>() + 2 * GAP.len();
    let room = style.width.saturating_sub(before + after);
    let titles: Vec<_> =
        rows.iter().map(|row| blocks::cut(&visible::line(&row.title), room).into_owned()).collect();
    let widest = titles.iter().map(|title| display_width(title)).max().unwrap_or(0);
    let heading = " ".repeat(before + widest) + &columns(&headings);
    let mut text = style.paint(&heading, Paint::Faint) + "\n";
    for ((row, title), cells) in rows.iter().zip(&titles).zip(&cells) {
        let arrow = if row.here { "→" } else { " " };
        let (mark, paint) = mark(row.stage);
        let blanks = " ".repeat(widest - display_width(title));
        text.push_str(&format!(
            "{} {:>digits$}{GAP}{}{GAP}{title}{blanks}{}\n",
            style.paint(arrow, Paint::Strong),
            row.number,
            style.paint(mark, paint),
            columns(cells),
        ));
    }
    text
}

/// What stands behind a lesson's title.
fn cells(row: &CourseRow, style: &Style) -> [String; 2] {
    let some_of = |some, of: usize| match of {
        0 => "–".to_owned(),
        of => words::some_of(style.lang, some, of),
    };
    [some_of(row.right, row.asked), some_of(row.parts_done.len(), row.parts.len())]
}

fn mark(stage: Stage) -> (&'static str, Paint) {
    match stage {
        Stage::Done => ("✓", Paint::Good),
        Stage::Begun => ("…", Paint::Warning),
        Stage::New => ("·", Paint::Faint),
    }
}

/// How to go on, and the prompt.
pub(super) fn choices(rows: &[CourseRow], next: Option<usize>, style: &Style) -> String {
    let lang = style.lang;
    let first = match next.map(|at| &rows[at]) {
        None => words::course_done(lang, rows.len()),
        Some(row) if row.stage == Stage::Begun => {
            words::course_resumes(lang, row.number, &row.lesson)
        }
        Some(row) => words::course_next(lang, row.number, &row.lesson),
    };
    let mut besides = words::course_choices(lang).to_owned();
    if let Some(parts) = rows.iter().find(|row| row.here).and_then(|row| parts(row, style)) {
        besides = besides + " " + &parts;
    }
    let prompt = words::course_prompt(lang, rows.len(), next.is_some());
    let hints = [first, besides].map(|hint| markdown::render(&hint, style));
    hints.concat() + "\n" + &prompt
}

/// How to see a part of the lesson where the student is: the first that was not seen yet.
fn parts(row: &CourseRow, style: &Style) -> Option<String> {
    let is_new = |part: &&String| !row.parts_done.contains(part);
    let part = row.parts.iter().find(is_new).or(row.parts.first())?;
    Some(words::course_parts(style.lang, row.number, part))
}

/// The prompt after a line that was no choice.
pub(super) fn again(lessons: usize, of: Option<&CourseRow>, style: &Style) -> String {
    let prompt = words::course_again(style.lang, lessons);
    match of {
        None => prompt,
        Some(row) => {
            let has = words::course_has(style.lang, row.number, &row.parts.join(", "));
            blocks::plain(&has, "", style) + &prompt
        }
    }
}

/// The question whether to forget the course, or what came of it.
pub(super) fn forgetting(what: &Forgetting, style: &Style) -> String {
    let lang = style.lang;
    let line = match what {
        Forgetting::Nothing => words::nothing_kept(lang).to_owned(),
        Forgetting::LeftAlone => words::left_alone(lang).to_owned(),
        Forgetting::Asking(kept) => {
            words::forget_question(lang, &visible::line(&kept.file), kept.lessons)
        }
        Forgetting::Forgotten(kept) => {
            words::forgotten(lang, &visible::line(&kept.file), kept.lessons)
        }
    };
    let mut text = blocks::plain(&line, "", style);
    if let Forgetting::Asking(_) = what {
        text.push_str(words::forget_prompt(lang));
    }
    text
}
