//! As much of a terminal as a full screen needs: what was printed, as a reader sees it.
//!
//! Only what the program is known to send is understood; anything else fails the test, so that
//! nothing is overlooked.

/// A screen of characters.
pub struct Grid {
    cells: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// Whether the other screen is shown, which programs take over.
    pub taken: bool,
    /// Whether the cursor is hidden.
    pub hidden: bool,
    /// What was printed on the usual screen.
    pub usual: String,
}

impl Grid {
    /// An empty one.
    pub fn new(columns: usize, rows: usize) -> Grid {
        let cells = vec![vec![' '; columns]; rows];
        Grid { cells, row: 0, column: 0, taken: false, hidden: false, usual: String::new() }
    }

    /// Takes what was printed; a sequence that is not whole stays for the next time.
    pub fn take(&mut self, printed: &mut String) {
        let mut rest = printed.as_str();
        while let Some(letter) = rest.chars().next() {
            if letter != '\u{1b}' {
                self.put(letter);
                rest = &rest[letter.len_utf8()..];
                continue;
            }
            let Some(end) = rest[1..].find(|c: char| c.is_ascii_alphabetic()) else { break };
            let sequence = &rest[1..=end + 1];
            self.obey(sequence);
            rest = &rest[end + 2..];
        }
        *printed = rest.to_string();
    }

    fn put(&mut self, letter: char) {
        if !self.taken {
            return self.usual.push(letter);
        }
        self.cells[self.row][self.column] = letter;
        self.column += 1;
    }

    fn obey(&mut self, sequence: &str) {
        match sequence {
            "[?1049h" => self.taken = true,
            "[?1049l" => self.taken = false,
            "[?25l" => self.hidden = true,
            "[?25h" => self.hidden = false,
            "[2J" => self.cells.iter_mut().flatten().for_each(|cell| *cell = ' '),
            _ if sequence.ends_with('m') => {}
            _ => {
                let place = sequence.strip_prefix('[').and_then(|s| s.strip_suffix('H'));
                let place = place.and_then(|place| place.split_once(';'));
                let (row, column) = place.unwrap_or_else(|| panic!("unknown: {sequence:?}"));
                self.row = row.parse::<usize>().unwrap() - 1;
                self.column = column.parse::<usize>().unwrap() - 1;
            }
        }
    }

    /// The rows, without blanks at their ends.
    pub fn text(&self) -> String {
        let row = |cells: &Vec<char>| cells.iter().collect::<String>().trim_end().to_string();
        self.cells.iter().map(row).collect::<Vec<_>>().join("\n")
    }
}
