//! Lines of several processes side by side, a column each.

use textwrap::core::display_width;

use super::super::style::{Paint, Style};

/// Blanks between two columns.
const GAP: usize = 3;

/// The columns side by side, two blanks in; one below the other where they do not fit. `paint`
/// gives a cell its colour, if it has one.
pub(super) fn side_by_side(
    columns: &[Vec<String>],
    style: &Style,
    paint: impl Fn(&str) -> Option<Paint>,
) -> String {
    let widest = |lines: &Vec<String>| lines.iter().map(|l| display_width(l)).max().unwrap_or(0);
    let widths: Vec<usize> = columns.iter().map(widest).collect();
    let painted =
        |cell: &str| paint(cell).map_or(cell.to_owned(), |paint| style.paint(cell, paint));
    let whole = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    if 2 + whole > style.width {
        let lines = columns.iter().flatten();
        return lines.map(|line| format!("  {}\n", painted(line))).collect();
    }
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row = |at: usize| {
        let mut line = String::from("  ");
        for (lines, width) in columns.iter().zip(&widths) {
            let cell = lines.get(at).map_or("", String::as_str);
            line.push_str(&painted(cell));
            line.push_str(&" ".repeat(width + GAP - display_width(cell)));
        }
        line.trim_end().to_owned() + "\n"
    };
    (0..height).map(row).collect()
}
