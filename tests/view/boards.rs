//! A game on a full screen: at every size, what matters is there; too small a window says so.

use parlab::event::{Act, Actor, Block, Goal, Hint, Position, Refusal, Refused, Script, Standing};
use parlab::lesson::doc::Lang;
use parlab::view::Level;
use parlab::view::screen::board::{Board, fits};
use parlab::view::style::Style;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

fn actor(letter: &str, name: &str, steps: &[Act], at: usize, own: Option<i64>) -> Actor {
    let script =
        Script { process: letter.to_owned(), name: name.to_owned(), steps: steps.to_vec() };
    Actor { script, pid: 1000 + at as i32, at, own, blocked: None }
}

/// A moment of the bank: A has loaded, B has not begun.
fn bank() -> Position {
    Position {
        experiment: "play".to_owned(),
        level: Some("lose".to_owned()),
        goal: Some(Goal::Ends(99)),
        most: Some(4),
        schedule: "A".to_owned(),
        word: "balance".to_owned(),
        value: 100,
        locks: Vec::new(),
        messages: None,
        actors: vec![
            actor("A", "withdraw", &[Act::Load, Act::Store(-1)], 1, Some(100)),
            actor("B", "deposit", &[Act::Load, Act::Store(1)], 0, None),
        ],
        standing: Standing::Open,
        refused: None,
        hint: None,
    }
}

/// Three processes at a queue, one of them with more steps than a small screen has rows.
fn queue() -> Position {
    let mut parent = actor("C", "parent", &[Act::Join(0)], 0, None);
    parent.blocked = Some(Block::Runs(0));
    parent.script.steps.extend([Act::Get; 30]);
    let child = |letter| actor(letter, "child", &[Act::Put], 0, None);
    let actors = vec![child("A"), child("B"), parent];
    let (word, messages) = ("received".to_owned(), Some(0));
    Position { actors, word, value: 0, messages, goal: Some(Goal::Stuck), ..bank() }
}

fn level() -> Level {
    let text = "Withdraw and deposit. **Lose the deposit**: end at 99.".repeat(3);
    Level { name: "lose".to_owned(), number: 1, of: 2, text }
}

fn style(lang: Lang, colour: bool) -> Style {
    Style { colour, errors_colour: colour, width: 80, lang, live: false }
}

/// What a screen of this size shows, and whether there is any colour on it.
fn shown(position: &Position, (columns, rows): (u16, u16), style: &Style) -> (String, bool) {
    let level = level();
    let board = Board { level: Some(&level), position, last: false, style };
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| board.draw(frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |row: u16| -> String {
        let cells = (0..columns).map(|column| buffer[(column, row)].symbol());
        cells.collect::<String>().trim_end().to_owned()
    };
    let text = (0..rows).map(row).collect::<Vec<_>>().join("\n");
    let coloured = buffer.content().iter().any(|cell| cell.fg != Color::Reset);
    (text, coloured)
}

const SIZES: [(u16, u16); 5] = [(40, 12), (60, 16), (60, 12), (80, 24), (200, 60)];

#[test]
fn at_every_size_the_next_steps_the_word_and_the_own_variables_are_there() {
    for size in SIZES {
        let (text, _) = shown(&bank(), size, &style(Lang::En, false));
        for words in ["(pid 1001)", "(pid 1000)", "→ balance = mine - 1", "→ mine = balance"] {
            assert!(text.contains(words), "no {words} at {size:?}:\n{text}");
        }
        for words in ["balance: 100", "mine: 100", "mine: –", "steps: A (1 of at most 4)", "q: end"]
        {
            assert!(text.contains(words), "no {words} at {size:?}:\n{text}");
        }
        let (text, _) = shown(&bank(), size, &style(Lang::It, false));
        for words in ["→ saldo = mio - 1", "saldo: 100", "mio: 100", "passi: A", "q: fine"] {
            assert!(text.contains(words), "no {words} at {size:?}:\n{text}");
        }
    }
}

#[test]
fn a_screen_of_24_rows_reads_as_written_down() {
    let (text, _) = shown(&bank(), (80, 24), &style(Lang::En, false));
    let expected = "\
Level 1 of 2: lose · steps: A (1 of at most 4)
Withdraw and deposit. Lose the deposit: end at 99.Withdraw and deposit. Lose the
deposit: end at 99.Withdraw and deposit. Lose the deposit: end at 99.

A withdraw (pid 1001)                             B deposit (pid 1000)
  mine = balance                  balance: 100    → mine = balance
→ balance = mine - 1                                balance = mine + 1
mine: 100                                         mine: –
can go on                                         can go on";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.ends_with("a letter: its step   u: back   ?: hint   q: end"), "{text}");
}

#[test]
fn three_processes_fit_and_long_code_is_shown_around_the_next_step() {
    for size in [(60, 12), (60, 24), (80, 24)] {
        for at in [0, 1, 15, 30] {
            let mut position = queue();
            position.actors[2].at = at;
            let (text, _) = shown(&position, size, &style(Lang::En, false));
            let next = if at == 0 { "→ A.join()" } else { "→ received +=" };
            for words in [next, "C waits: A has not ended.", "messages: 0", "waits"] {
                assert!(text.contains(words), "no {words} at {size:?}, step {at}:\n{text}");
            }
        }
    }
}

#[test]
fn what_there_is_to_say_has_room_on_the_smallest_screen() {
    let refused = Refused { order: "B".to_owned(), why: Refusal::Finished };
    let position = Position { refused: Some(refused), ..bank() };
    let (text, _) = shown(&position, (40, 12), &style(Lang::En, false));
    assert!(text.contains("B cannot take a step"), "{text}");
    let position = Position { hint: Some(Hint::Back), ..bank() };
    let (text, _) = shown(&position, (40, 12), &style(Lang::En, false));
    assert!(text.contains("go back (u)"), "{text}");
    let position = Position { standing: Standing::Won, ..bank() };
    let (text, _) = shown(&position, (40, 12), &style(Lang::En, false));
    assert!(text.contains("✓ Goal reached.") && text.contains("Enter: next level"), "{text}");
}

#[test]
fn too_small_a_window_is_told_and_nothing_breaks() {
    assert!(fits(40, 12, 2) && fits(60, 12, 3));
    assert!(!fits(39, 12, 2) && !fits(40, 11, 2) && !fits(59, 12, 3));
    for columns in 1..45 {
        for rows in 1..14 {
            for position in [bank(), queue()] {
                let (text, _) = shown(&position, (columns, rows), &style(Lang::En, false));
                if !fits(columns, rows, position.actors.len()) && columns >= 20 {
                    assert!(text.contains("window too small"), "{columns}x{rows}:\n{text}");
                }
            }
        }
    }
}

#[test]
fn colour_is_the_style_s_decision() {
    for size in SIZES {
        let (without, none) = shown(&bank(), size, &style(Lang::En, false));
        let (with, some) = shown(&bank(), size, &style(Lang::En, true));
        assert_eq!(without, with);
        assert!(!none && some);
    }
}
