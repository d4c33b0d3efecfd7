//! Tables: a caption, heads of columns and of rows, and a bar in each row where lengths say more.

use serde::Serialize;

use super::templates::share;
use crate::view::table::Grid;

/// A table for its template.
#[derive(Serialize)]
pub(super) struct Table {
    caption: String,
    header: Vec<Cell>,
    rows: Vec<Row>,
    /// The head of the column of bars, if there is one.
    bars: Option<String>,
}

#[derive(Serialize)]
struct Cell {
    text: String,
    number: bool,
}

#[derive(Serialize)]
struct Row {
    cells: Vec<Cell>,
    strong: bool,
    /// How long its bar is; none for a row without one.
    bar: Option<String>,
    /// How far an empty one goes on from there.
    beyond: Option<String>,
    /// Whether what it tells of is right; none where that is no question.
    right: Option<bool>,
}

impl Table {
    /// What a grid holds; the first cell of a row is its head.
    pub fn of(caption: &str, grid: Grid) -> Table {
        let Grid { header, rows, numbers } = grid;
        let cells = |texts: Vec<String>| -> Vec<Cell> {
            let number = |column: usize| numbers.get(column) == Some(&true);
            let texts = texts.into_iter().enumerate();
            texts.map(|(column, text)| Cell { text, number: number(column) }).collect()
        };
        let row = |texts| Row {
            cells: cells(texts),
            strong: false,
            bar: None,
            beyond: None,
            right: None,
        };
        let rows = rows.into_iter().map(row).collect();
        Table { caption: caption.to_owned(), header: cells(header), rows, bars: None }
    }

    /// With a last column of bars, each from 0 to 1.
    pub fn with_bars(mut self, head: &str, lengths: &[Option<f64>]) -> Table {
        self.bars = Some(head.to_owned());
        for (row, length) in self.rows.iter_mut().zip(lengths) {
            row.bar = length.map(share);
        }
        self
    }

    /// With each bar going on, empty, to another length.
    pub fn going_on_to(mut self, lengths: &[Option<f64>]) -> Table {
        for (row, length) in self.rows.iter_mut().zip(lengths) {
            row.beyond = length.map(share);
        }
        self
    }

    /// With the row at this place told from the others.
    pub fn stressed(mut self, at: Option<usize>) -> Table {
        if let Some(row) = at.and_then(|at| self.rows.get_mut(at)) {
            row.strong = true;
        }
        self
    }

    /// With each row said to tell of something right, or of something wrong.
    pub fn judged(mut self, right: impl Iterator<Item = bool>) -> Table {
        for (row, right) in self.rows.iter_mut().zip(right) {
            row.right = Some(right);
        }
        self
    }
}
