//! A game in lines: each position as columns of code, then sentences that can be read aloud.

use textwrap::core::display_width;

use super::super::position::{self, Column, HERE};
use super::super::style::{Paint, Style};
use super::super::{Level, markdown, visible, words};
use super::blocks;
use crate::event::{Position, Standing};

/// The most lines of one process's code.
const MOST_LINES: usize = 8;
/// Blanks between two columns.
const GAP: usize = 3;

/// A level's name and its task.
pub(super) fn level(level: &Level, style: &Style) -> String {
    let name = visible::line(&level.name);
    let heading = words::level_heading(style.lang, &name, level.number, level.of);
    blocks::heading(&heading, style) + &markdown::render(&level.text, style)
}

/// A position.
pub(super) fn draw(position: &Position, style: &Style) -> String {
    let lang = style.lang;
    let mut told = vec![words::steps(lang, &position.schedule, position.most)];
    told.extend(position::shared(position, lang));
    let told = told.join(" · ");
    let mut text = blocks::hanging(&told, "", "  ", style);
    text.push_str(&columns(&position::columns(position, lang, MOST_LINES), style));
    let waits = position::waits(position, lang).join(" ");
    if !waits.is_empty() {
        text.push_str(&blocks::plain(&waits, "  ", style));
    }
    let paint = match position.standing {
        _ if position.refused.is_some() => Paint::Warning,
        Standing::Won => Paint::Good,
        Standing::Late | Standing::Stuck | Standing::Ended if position.goal.is_some() => Paint::Bad,
        _ => Paint::Strong,
    };
    for remark in position::remarks(position, lang) {
        for line in blocks::plain(&remark, "  ", style).lines() {
            text.push_str(&(style.paint(line, paint) + "\n"));
        }
    }
    text
}

/// Side by side where they fit, one below the other where they do not.
fn columns(columns: &[Column], style: &Style) -> String {
    let lines: Vec<Vec<String>> = columns.iter().map(lines).collect();
    let widest = |lines: &Vec<String>| lines.iter().map(|l| display_width(l)).max().unwrap_or(0);
    let widths: Vec<usize> = lines.iter().map(widest).collect();
    let whole = widths.iter().map(|width| width + GAP).sum::<usize>();
    if whole > style.width {
        let one = |lines: &Vec<String>| lines.iter().map(|line| row(&[(line, 0)], style)).collect();
        return lines.iter().map(one).collect::<Vec<String>>().concat();
    }
    let height = lines.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |lines: &'_ Vec<String>, at: usize| lines.get(at).cloned().unwrap_or_default();
    let told = (0..height).map(|at| {
        let cells: Vec<String> = lines.iter().map(|lines| cell(lines, at)).collect();
        let cells: Vec<(&String, usize)> = cells.iter().zip(widths.iter().copied()).collect();
        row(&cells, style)
    });
    told.collect()
}

/// The title with the pid, the code, the own variable with what the process can do.
fn lines(column: &Column) -> Vec<String> {
    let title = format!("{} ({})", column.title, column.pid);
    let own = match &column.own {
        Some(own) => format!("{own}, {}", column.ability),
        None => column.ability.to_owned(),
    };
    [vec![title], column.code.clone(), vec![own]].concat()
}

fn row(cells: &[(&String, usize)], style: &Style) -> String {
    let mut line = String::from("  ");
    for (cell, width) in cells {
        let blanks = " ".repeat((width + GAP).saturating_sub(display_width(cell)));
        let cell = match cell.starts_with(HERE) {
            true => style.paint(cell, Paint::Strong),
            false => cell.to_string(),
        };
        line.push_str(&(cell + &blanks));
    }
    line.trim_end().to_owned() + "\n"
}
