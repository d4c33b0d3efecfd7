//! A game in lines: each position as columns of code, then sentences that can be read aloud.

use super::super::position::{self, Column, HERE};
use super::super::style::{Paint, Style};
use super::super::{Level, markdown, visible, words};
use super::{blocks, columns};
use crate::event::{Position, Standing};

/// The most lines of one process's code.
const MOST_LINES: usize = 8;

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
    text.push_str(&processes(&position::columns(position, lang, MOST_LINES), style));
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

/// What each process does, a column each; the next step stands out.
fn processes(columns: &[Column], style: &Style) -> String {
    let lines: Vec<Vec<String>> = columns.iter().map(lines).collect();
    let next = |cell: &str| cell.starts_with(HERE).then_some(Paint::Strong);
    columns::side_by_side(&lines, style, next)
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
