//! Columns under a header and a rule: the one look of every table.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use textwrap::core::display_width;

/// A rule under the header, blanks between columns, nothing else.
const LOOK: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table to be laid out. Cells are plain text: colour would count as width.
pub(super) struct Grid {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
    /// Columns whose cells stand at the right, as numbers do.
    pub numbers: Vec<bool>,
}

impl Grid {
    /// Its lines, each row one line, as wide as its cells ask for.
    pub fn natural(&self) -> Vec<String> {
        lines(&self.table(ContentArrangement::Disabled))
    }

    /// Its lines within `width`, where cells wrap if they must.
    pub fn within(&self, width: usize) -> Vec<String> {
        let natural = self.natural();
        if natural.iter().all(|line| display_width(line) <= width) {
            return natural;
        }
        let mut table = self.table(ContentArrangement::Dynamic);
        table.set_width(width as u16);
        lines(&table)
    }

    fn table(&self, arrangement: ContentArrangement) -> Table {
        let mut table = Table::new();
        table.load_style(LOOK).set_content_arrangement(arrangement);
        table.set_header(&self.header).add_rows(&self.rows);
        let last = self.header.len().saturating_sub(1);
        for (index, column) in table.column_iter_mut().enumerate() {
            // The place between two columns counts as one blank more.
            column.set_padding((0, if index == last { 0 } else { 1 }));
            if self.numbers.get(index) == Some(&true) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }
}

fn lines(table: &Table) -> Vec<String> {
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}
