//! `parlab report` of files that are no whole stream: each told with its line, nothing drawn.

use std::fs;
use std::io;
use std::rc::Rc;

use nix::sys::stat::Mode;
use parlab::event::{Event, FlawKind, Recording};
use parlab::lesson::doc::Lang;
use parlab::view::View;
use parlab::view::handout::Handout;
use parlab::view::html::{Html, page};
use parlab::view::style::Style;
use parlab::view::text::{Options, Text};
use parlab::view::trace::Trace;
use serde_json::{Value, json};

use crate::parlab::Parlab;
use crate::room::Room;

/// A stream of a comparison that was over soon.
fn stream(room: &Rc<Room>) -> Vec<String> {
    let args = ["compare", "lock", "--no-python", "--only", "unlocked,locked", "--runs", "2"];
    let done = Parlab::in_room(room).args(args).args(["--iterations", "1000", "--json"]).run();
    done.stdout().lines().map(str::to_owned).collect()
}

fn report(room: &Rc<Room>, file: &str) -> Parlab {
    Parlab::in_room(room).args(["report", file])
}

/// What is wrong with these lines: kinds with their lines.
fn flaws(lines: &[String]) -> Vec<(usize, FlawKind)> {
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let flaws = Recording::read(text.as_bytes()).expect_err("a flaw");
    flaws.iter().map(|flaw| (flaw.line, flaw.kind)).collect()
}

#[test]
fn each_flaw_is_told_with_its_line() {
    use FlawKind::{
        AfterEnd, CutShort, Empty, More, NewerSchema, NoStart, NotEvent, NotFinished, NotJson,
        OlderSchema, SecondStart,
    };
    let room = Rc::new(Room::new());
    let whole = stream(&room);
    let last = whole.len();
    let with = |at: usize, line: &str| {
        let mut lines = whole.clone();
        lines[at] = line.to_owned();
        lines
    };
    let then = |line: &str| [&whole[..], &[line.to_owned()]].concat();
    let schema = |n: &str| with(0, &whole[0].replace("\"schema\":1", &format!("\"schema\":{n}")));
    let ended = |end: &str| with(last - 1, &format!("{{\"event\":\"end\",{end}}}"));
    let cases = [
        (whole[..last - 1].to_vec(), vec![(last, CutShort)]),
        (whole[..1].to_vec(), vec![(2, CutShort)]),
        (whole[1..].to_vec(), vec![(1, NoStart)]),
        (with(3, "{\"event\":\"run\""), vec![(4, NotJson)]),
        (with(3, "hello"), vec![(4, NotJson)]),
        (with(3, "[1,2]"), vec![(4, NotEvent)]),
        (with(3, "{\"event\":\"run\",\"experiment\":7}"), vec![(4, NotEvent)]),
        (with(3, "{\"event\":\"run\",\"time_s\":1e999}"), vec![(4, NotJson)]),
        (with(0, "{\"event\":\"start\",\"schema\":1}"), vec![(1, NotEvent)]),
        (with(3, &whole[0]), vec![(4, SecondStart)]),
        (then(&whole[2]), vec![(last + 1, AfterEnd)]),
        ([&whole[..], &whole[..]].concat(), vec![(last + 1, AfterEnd)]),
        (schema("0"), vec![(1, OlderSchema)]),
        (schema("2"), vec![(1, NewerSchema)]),
        (schema("\"1\""), vec![(1, NotEvent)]),
        (ended("\"exit\":130,\"reason\":\"interrupted\""), vec![(last, NotFinished)]),
        (ended("\"exit\":1,\"reason\":\"not-yet-known\""), vec![(last, NotFinished)]),
        (vec![], vec![(1, Empty)]),
    ];
    for (lines, expected) in cases {
        assert_eq!(flaws(&lines), expected, "{lines:?}");
    }
    let garbled: Vec<String> = (0..40).map(|_| "garbled".to_owned()).collect();
    let told = flaws(&garbled);
    assert_eq!((told.len(), told[10]), (11, (41, More)), "not a flood");
}

#[test]
fn all_files_are_read_and_all_is_told_before_anything_is_drawn() {
    let room = Rc::new(Room::new());
    let whole = stream(&room).join("\n") + "\n";
    room.file("whole.json", &whole);
    room.file("cut.json", &whole[..whole.len() - 25]);
    let mut bytes = whole.clone().into_bytes();
    let second = whole.find('\n').unwrap() + 5;
    bytes[second] = 0xff;
    room.file("latin.json", bytes);
    room.file("empty.json", "");
    for (file, told) in [
        ("cut.json", "cut.json:12: fault: the file was cut short"),
        ("latin.json", "latin.json:2: fault: the line is not UTF-8"),
        ("empty.json", "empty.json:1: fault: the file is empty"),
    ] {
        let lines = whole.lines().count();
        let told = told.replace(":12:", &format!(":{}:", lines + 1));
        let done = report(&room, file).args(["--export", "no.html"]).run();
        let done = done.code(2).stdout_is_empty().stderr_has(&told);
        drop(done.stderr_has("Give files that `--export FILE.json` wrote"));
        assert!(!room.path("work").join("no.html").exists());
    }
    report(&room, "cut.json")
        .args(["--lang", "it"])
        .run()
        .code(2)
        .stdout_is_empty()
        .stderr_has("il file è troncato")
        .stderr_has("Indica file scritti da");
    let done = report(&room, "cut.json").args(["--json"]).run().code(2);
    assert_eq!(done.lines()[0]["kind"], "cut_short", "{done}");
    assert_eq!(done.lines()[2], json!({"event": "end", "exit": 2, "reason": "failed"}));
}

#[test]
fn what_is_no_file_of_a_fair_length_is_refused_at_once() {
    let room = Rc::new(Room::new());
    fs::create_dir(room.path("work").join("folder.json")).unwrap();
    nix::unistd::mkfifo(&room.path("work").join("fifo.json"), Mode::S_IRWXU).unwrap();
    let long = fs::File::create(room.path("work").join("long.json")).unwrap();
    long.set_len((16 << 20) + 1).unwrap();
    for file in ["folder.json", "fifo.json", "/dev/zero", "long.json", "missing.json"] {
        let done = report(&room, file).run().code(2).stdout_is_empty();
        drop(done.stderr_has(file).stderr_has("cannot draw from this file"));
    }
}

/// A generator that gives the same numbers in every run of the test (SplitMix64, Steele et al.,
/// OOPSLA 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    /// What somebody who means ill would write in the place of a value.
    fn extreme(&mut self, of: &Value) -> Value {
        let numbers = [
            json!(0),
            json!(1),
            json!(-1),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(u32::MAX),
            json!(i32::MIN),
            json!(1e308),
            json!(-1e308),
            json!(5e-324),
            json!(1e-9),
            json!(null),
        ];
        let texts =
            ["", "\u{1b}[2J\u{202e}\n", "NaN", "python-", "python3.13t-locked", "{{ 7*7 }}"];
        match of {
            Value::Number(_) => numbers[self.below(numbers.len())].clone(),
            Value::String(_) => json!(texts[self.below(texts.len())]),
            Value::Bool(told) => json!(!told),
            Value::Null => json!(5),
            Value::Array(items) if items.is_empty() => json!([1, 2]),
            Value::Array(items) if self.below(2) == 0 => json!(items[..items.len() / 2]),
            Value::Array(items) => json!(vec![items[0].clone(); 300]),
            Value::Object(_) => json!({}),
        }
    }

    /// Changes one value somewhere below this one, never the name of the event.
    fn garble(&mut self, value: &mut Value) {
        let below: Vec<&mut Value> = match value {
            Value::Array(items) => items.iter_mut().collect(),
            Value::Object(fields) => {
                fields.iter_mut().filter(|(name, _)| *name != "event").map(|(_, v)| v).collect()
            }
            _ => Vec::new(),
        };
        let count = below.len();
        match below.into_iter().nth(self.below(count.max(1))) {
            Some(inner) if (inner.is_array() || inner.is_object()) && self.below(4) > 0 => {
                self.garble(inner);
            }
            Some(inner) => *inner = self.extreme(&inner.clone()),
            None => {}
        }
    }

    /// Puts the same number wherever a field has this name: what is added up grows beyond all bounds.
    fn everywhere(value: &mut Value, name: &str, number: &Value) {
        let Value::Object(fields) = value else { return };
        for (field, inner) in fields.iter_mut() {
            match inner {
                Value::Number(_) if field == name => *inner = number.clone(),
                _ => Dice::everywhere(inner, name, number),
            }
        }
    }

    /// The stream with some of it changed.
    fn mutated(&mut self, lines: &[String]) -> Vec<String> {
        let mut lines = lines.to_vec();
        for _ in 0..=self.below(6) {
            let at = 1 + self.below(lines.len() - 2);
            match self.below(12) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                2 => lines.swap(at, 1),
                3 => {
                    let names =
                        ["time_s", "updates", "deposit", "got", "expected", "index", "runs"];
                    let name = names[self.below(names.len())];
                    let number = self.extreme(&json!(0));
                    for line in &mut lines[1..] {
                        let mut value: Value = serde_json::from_str(line).unwrap();
                        Dice::everywhere(&mut value, name, &number);
                        *line = value.to_string();
                    }
                }
                _ => {
                    let mut value: Value = serde_json::from_str(&lines[at]).unwrap();
                    self.garble(&mut value);
                    lines[at] = value.to_string();
                }
            }
            if lines.len() < 4 {
                break;
            }
        }
        lines
    }
}

/// Draws a recording in every way there is; gives how long the longest file is.
fn drawn(recording: &Recording, width: usize) -> usize {
    let style = Style { colour: true, errors_colour: true, width, lang: Lang::It, live: false };
    let (out, err) = (Box::new(io::sink()), Box::new(io::sink()));
    let mut text = Text::new(out, err, style, Options::default());
    let (mut sheet, mut handout, mut trace) =
        (Html::new(Lang::En), Handout::new(Lang::It), Trace::new(Lang::En));
    let views: [&mut dyn View; 4] = [&mut text, &mut sheet, &mut handout, &mut trace];
    for view in views {
        recording.events().for_each(|event| view.event(event).unwrap());
    }
    let files =
        [page(vec![sheet], Lang::En).unwrap(), handout.into_text(), trace.into_text().unwrap()];
    files.iter().map(String::len).max().unwrap_or(0)
}

#[test]
fn whatever_a_stream_holds_it_is_drawn_or_refused() {
    let room = Rc::new(Room::new());
    let record = |args: &[&str]| -> Vec<String> {
        let done = Parlab::in_room(&room).args(args).args(["--json", "--no-python"]).run();
        done.stdout().lines().map(str::to_owned).collect()
    };
    let alone = |args: &[&str]| -> Vec<String> {
        let done = Parlab::in_room(&room).args(args).args(["--json"]).run();
        done.stdout().lines().map(str::to_owned).collect()
    };
    room.file("whole.json", stream(&room).join("\n"));
    room.file("lesson.json", record(&["lesson", "lock", "--runs", "2"]).join("\n"));
    let streams = [
        stream(&room),
        alone(&["report", "whole.json", "lesson.json"]),
        record(&["compare", "all", "--runs", "1"]),
        record(&["lesson", "threads", "--part", "all", "--runs", "1"]),
        record(&["lesson", "process", "--part", "all", "--runs", "1"]),
        record(&["doctor"]),
        alone(&["explore", "two-locks", "--free-runs", "3"]),
        alone(&["play", "lock", "--schedule", "AABB"]),
    ];
    // Progress is nothing to draw, and would be most of what is changed.
    let streams = streams.map(|lines| {
        let told = lines.into_iter().filter(|line| !line.contains("\"event\":\"progress\""));
        told.collect::<Vec<String>>()
    });
    let (mut dice, mut kept) = (Dice(4711), 0);
    for round in 0..420 {
        let lines = dice.mutated(&streams[round % streams.len()]);
        let text = lines.join("\n") + "\n";
        let Ok(recording) = Recording::read(text.as_bytes()) else { continue };
        kept += 1;
        let result = std::panic::catch_unwind(|| drawn(&recording, [40, 60, 80, 100][round % 4]));
        let length = result.unwrap_or_else(|_| panic!("round {round} of\n{text}"));
        // As long as what it draws, and no longer: no number in it makes it so.
        assert!(length < 1_000_000 + 100 * text.len(), "round {round}: {length} bytes of\n{text}");
        // The whole command, lesson texts among it; a program for each would take too long.
        if round % 12 == 0 {
            room.file("mutated.json", &text);
            let done = report(&room, "mutated.json").args(["--export", "m.html", "--force"]).run();
            drop(done.stdout_has("mutated.json"));
            if recording.start.command != "report" {
                let both = ["whole.json", "--export", "m.html", "--force"];
                drop(report(&room, "mutated.json").args(both).run().any_stdout());
            }
        }
    }
    assert!(kept > 100, "only {kept} of them could be drawn");
}

#[test]
fn the_parser_says_of_unknown_kinds_what_the_reader_listens_for() {
    let told = serde_json::from_value::<Event>(json!({"event": "novelty"})).unwrap_err();
    assert!(told.to_string().starts_with("unknown variant"), "{told}");
    let note = json!({"event": "note", "experiment": "x", "variant": null, "kind": "novelty"});
    let told = serde_json::from_value::<Event>(note).unwrap_err();
    assert!(told.to_string().starts_with("unknown variant"), "{told}");
}
