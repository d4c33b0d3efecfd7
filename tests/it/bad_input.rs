//! What can be typed or written wrongly: one clear message each, the right exit code,
//! nothing run and nothing left.

use std::rc::Rc;

use parlab::event::{EndReason, ErrorKind};

use crate::parlab::{Parlab, lesson_text};
use crate::room::Room;

/// Holds that these arguments are wrong usage, told with these words.
#[track_caller]
fn wrong(args: &[&str], words: &[&str]) {
    let mut done = Parlab::new().args(args).run().code(2).stdout_is_empty();
    for word in words {
        done = done.stderr_has(word);
    }
    let first = done.stderr().lines().next().unwrap_or_default();
    assert!(first.starts_with("error: "), "{args:?}: {done}");
}

#[test]
fn a_number_out_of_range_is_told_with_its_range() {
    for (option, least, most) in [("--runs", 1_u64, 10_000_u64), ("--iterations", 1, 16_777_215)] {
        let range = format!("it must be from {least} to {most}");
        let over = (most + 1).to_string();
        let values = ["0", "-1", &over, "99999999999999999999999999", "-99999999999999999999"];
        for value in &values[..4] {
            wrong(&["compare", "lock", option, value], &[option, value, &range]);
            wrong(&["lesson", "lock", option, value], &[option, value, &range]);
        }
    }
    wrong(&["lesson", "./x.md", "--runs", "0"], &["--runs", "from 1 to 10000"]);
}

#[test]
fn what_is_no_whole_number_is_told_as_such() {
    for value in ["1e9", "ten", "1.5", "", "0x10", "1 000", "1_000", "٣", "--", "1-"] {
        let words = ["--runs", "from 1 to 10000"];
        wrong(&["compare", "lock", "--runs", value], if value == "--" { &[] } else { &words });
    }
}

#[test]
fn the_limits_of_a_range_are_within_it() {
    let args = ["--only", "local", "--iterations", "1"];
    assert_eq!(Parlab::compare(["--runs", "1"]).args(args).run().runs().len(), 2);
    let done =
        Parlab::compare(["--runs", "1", "--only", "atomic", "--iterations", "16777215"]).run();
    assert!(done.runs().iter().all(|run| run.correct == Some(true)), "{done}");
}

#[test]
fn what_is_no_duration_is_told_as_such() {
    let none = "not a duration; give one from 0s to 10s, as 500us, 2ms or 0.5s";
    for text in ["2", "2 parsecs", "nan", "", "1h", " 2ms", "2 ms", "-", "ms", "0x2ms"] {
        wrong(&["compare", "queue", "--work", text], &[none, "'--work <T>'"]);
    }
    for text in ["-1ms", "1e400s", "11s", "infs", "nans", "10.0001s"] {
        wrong(&["lesson", "queue", "--wait", text], &["it must be from 0s to 10s", "'--wait <T>'"]);
    }
}

#[test]
fn what_can_never_fit_into_the_time_limit_is_refused_before_anything_runs() {
    let cases: [(&[&str], &str); 4] = [
        (&["compare", "queue", "--work", "10s", "--seconds-limit", "5"], "6000 s > 5 s"),
        // One item takes that long, however many workers share them.
        (
            &["compare", "queue", "--only", "workers", "--wait", "10s", "--runs", "9"],
            "100 s > 60 s",
        ),
        (&["compare", "queue", "--work", "100ms", "--runs", "9"], "100 s > 60 s"),
        (&["lesson", "queue", "--n", "1000000"], "6000 s > 60 s"),
    ];
    for (args, told) in cases {
        for (lang, words) in [("en", "--seconds-limit allows"), ("it", "--seconds-limit permette")]
        {
            let run = Parlab::new().args(args).args(["--lang", lang, "--no-python"]);
            run.run().any_stdout().code(2).stderr_has(words).stderr_has(told);
        }
    }
    let just = ["compare", "queue", "--work", "1ms", "--n", "2", "--runs", "1", "--no-python"];
    Parlab::new().args(just).args(["--seconds-limit", "5"]).run().any_stdout().code(0);
}

#[test]
fn a_time_limit_that_is_none_is_told_with_its_range() {
    for value in ["0", "-1", "0.05", "86401", "inf", "NaN", "-inf", "soon", "1e9", ""] {
        let words = ["--seconds-limit", "from 0.1 to 86400"];
        wrong(&["compare", "lock", "--seconds-limit", value], &words);
    }
}

#[test]
fn a_mistyped_name_gets_a_suggestion() {
    wrong(&["lesson", "lokc"], &["lokc", "'lock'"]);
    wrong(&["compare", "locks"], &["locks", "'lock'"]);
    wrong(&["lessn", "lock"], &["lessn", "'lesson'"]);
    wrong(&["compare", "lock", "--only", "unlokced"], &["unlokced", "'unlocked'"]);
    wrong(&["compare", "lock", "--only", "locked,atomi"], &["atomi", "'atomic'"]);
    wrong(&["compare", "lock", "--iteration", "5"], &["--iteration", "--iterations"]);
    wrong(&["lesson", "lock", "--part", "cor"], &["cor", "'core'"]);
    wrong(&["lesson", "lock", "--lang", "de"], &["de", "en, it"]);
}

#[test]
fn a_command_that_is_not_there_yet_is_not_known() {
    for name in ["play", "report", "new", "completions", "man"] {
        wrong(&[name], &[name]);
    }
}

#[test]
fn workers_that_cannot_be_are_told_with_their_range() {
    for lesson in ["queue", "pool", "threads"] {
        for workers in ["0", "1001", "100000"] {
            wrong(&["lesson", lesson, "--workers", workers], &["--workers", "from 1 to 1000"]);
            wrong(&["compare", lesson, "--workers", workers], &["--workers", "from 1 to 1000"]);
        }
    }
}

#[test]
fn more_numbers_than_the_memory_holds_are_told_and_leave_nothing() {
    let cases = [("shm", "shm"), ("pool", "map"), ("queue", "workers")];
    for (lesson, variant) in cases {
        let args =
            ["compare", lesson, "--json", "--no-python", "--n", "10000000", "--only", variant];
        let done = Parlab::new().args(args).after("ulimit -v 70000").run();
        // The standard library has its own word on an allocation that failed.
        done.any_stderr().one_error(ErrorKind::OutOfMemory).ends(1, Some(EndReason::Failed));
    }
}

#[test]
fn options_that_exclude_each_other_are_told() {
    wrong(&["compare", "lock", "--no-python", "--python", "all"], &["--no-python", "--python"]);
    for (option, value) in [("--work", "2ms"), ("--wait", "2ms"), ("--python", "all")] {
        wrong(&["compare", "queue", "--sweep", option, value], &["--sweep", option]);
    }
}

#[test]
fn an_option_of_another_lesson_or_command_is_not_known() {
    wrong(&["compare", "lock", "--sweep"], &["--sweep"]);
    wrong(&["compare", "--sweep", "lock"], &["--sweep"]);
    wrong(&["lesson", "queue", "--sweep"], &["--sweep"]);
    wrong(&["lesson", "./x.md", "--sweep"], &["--sweep"]);
    wrong(&["compare", "queue", "--sweep=3"], &["--sweep"]);
}

#[test]
fn an_argument_that_is_not_utf_8_is_told() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"lo\xffck");
    let done = Parlab::new().args(["compare".as_ref(), odd]).run().code(2).stdout_is_empty();
    done.stderr_has("error: ");
}

#[test]
fn wrong_usage_stays_on_stderr_with_json_too() {
    wrong(&["compare", "lock", "--json", "--runs", "0"], &["--runs"]);
}

/// A lesson file that is wrong: its name, its bytes, and words of the message.
struct Wrong {
    name: &'static str,
    bytes: Vec<u8>,
    words: &'static str,
}

fn wrong_lessons() -> Vec<Wrong> {
    let good = lesson_text(&["experiment = \"bank\"\nruns = 1\nonly = [\"local\"]"]);
    let with = |old: &str, new: &str| {
        assert!(good.contains(old));
        good.replacen(old, new, 1).into_bytes()
    };
    let appended = |text: &str| format!("{good}{text}\n").into_bytes();
    let one = |name, bytes, words| Wrong { name, bytes, words };
    vec![
        one("empty", Vec::new(), "./empty.md:1:1"),
        one("blank", b"\n  \n\n".to_vec(), "./blank.md:"),
        one("zeroes", b"# T\n\0\0\0".to_vec(), "bytes of value 0"),
        one("latin1", b"# Perch\xe9\n".to_vec(), "line 1 is not UTF-8"),
        one("elf", std::fs::read(env!("CARGO_BIN_EXE_parlab")).unwrap(), "./elf.md"),
        one("untitled", with("# A lesson", "A lesson"), "./untitled.md:1:1"),
        one("long", vec![b'a'; (1 << 20) + 1], "longer than 1048576 bytes"),
        one("block", with("parlab run", "parlab rum"), "./block.md:3:"),
        one("id", with("run r0", "run R0"), "./id.md:3:"),
        one("toml", with("runs = 1", "runs = = 1"), "./toml.md:5:"),
        one("field", with("runs = 1", "runz = 1"), "./field.md:5:"),
        one("negative", with("runs = 1", "runs = -1"), "./negative.md:5:"),
        one("zero", with("runs = 1", "runs = 0"), "./zero.md:5:"),
        one("many", with("runs = 1", "runs = 10001"), "./many.md:5:"),
        one("huge", with("runs = 1", "runs = 99999999999999999999"), "./huge.md:5:"),
        one("experiment", with("\"bank\"", "\"bnak\""), "./experiment.md:4:"),
        one("variant", with("\"local\"", "\"lokal\""), "./variant.md:6:"),
        one("unclosed", with("]\n```", "]\n"), "./unclosed.md:3:"),
        one("template", appended("It is {{ r0.local.runs "), "./template.md:"),
        one("value", appended("It is {{ r0.local.rums }}."), "./value.md:9:"),
        one("filter", appended("It is {{ r0.local.runs | tiem }}."), "./filter.md:9:"),
        one("guard", appended("It is {{ r0.unlocked.runs }}."), "./guard.md:9:"),
        one("region", appended("```parlab code c\nrust = \"nix\"\n```"), "./region.md:10:"),
    ]
}

#[test]
fn a_wrong_lesson_file_is_wrong_usage_for_lesson_and_told_in_both_languages() {
    for wrong in wrong_lessons() {
        let said = ["en", "it"].map(|lang| {
            let room = Rc::new(Room::new());
            room.file(&format!("{}.md", wrong.name), &wrong.bytes);
            let path = format!("./{}.md", wrong.name);
            let run = Parlab::in_room(&room).args(["lesson", &path, "--no-python", "--lang", lang]);
            let done = run.run().code(2).any_stdout().stderr_has(wrong.words);
            let said = done.stderr().to_string();
            assert!(!said.contains("stack backtrace"), "{done}");
            said
        });
        assert_ne!(said[0], said[1], "{} is not told in Italian", wrong.name);
    }
}

#[test]
fn a_wrong_lesson_file_is_a_fault_for_check() {
    for wrong in wrong_lessons() {
        let room = Rc::new(Room::new());
        room.file(&format!("{}.md", wrong.name), &wrong.bytes);
        let path = format!("./{}.md", wrong.name);
        let run = Parlab::in_room(&room).args(["check", &path]).run();
        run.any_stdout().code(1).stderr_has(wrong.words);
    }
}

#[test]
fn a_lesson_file_that_is_right_is_right_for_both() {
    let room = Rc::new(Room::new());
    room.file("x.md", lesson_text(&["experiment = \"bank\"\nruns = 1\nonly = [\"local\"]"]));
    Parlab::in_room(&room).args(["check", "./x.md"]).run().any_stdout();
    Parlab::in_room(&room).args(["lesson", "./x.md", "--no-python"]).run().any_stdout();
}

#[test]
fn a_lesson_that_is_not_there_is_told_with_its_path() {
    let room = Rc::new(Room::new());
    std::fs::create_dir(room.path("work/empty")).unwrap();
    room.file("one/notes.md", "# Notes");
    for path in ["./nix.md", "nix.md", "./nix/", "./empty", "./one", "./empty/en.md", "/dev/null/x"]
    {
        let told = |args: [&str; 2]| Parlab::in_room(&room).args(args).run().one_message();
        told(["lesson", path]).code(2).stdout_is_empty().stderr_has(path.trim_end_matches('/'));
        told(["check", path]).code(1).any_stdout().stderr_has(path.trim_end_matches('/'));
    }
}

#[test]
fn what_is_neither_file_nor_folder_is_not_read() {
    let room = Rc::new(Room::new());
    let fifo = room.path("work/fifo.md");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::fs::create_dir_all(room.path("work/odd/en.md")).unwrap();
    for path in ["./fifo.md", "/dev/zero", "/dev/tty", "./odd/en.md", "./odd"] {
        let told = |args: [&str; 2]| Parlab::in_room(&room).args(args).run().one_message();
        told(["lesson", path]).code(2).stdout_is_empty();
        told(["check", path]).code(1).any_stdout();
    }
}

#[test]
fn a_folder_is_read_in_the_language_that_was_asked_for_or_the_one_it_has() {
    let room = Rc::new(Room::new());
    room.file("both/en.md", lesson_text(&["experiment = \"bank\"\nonly = [\"local\"]"]));
    room.file("both/it.md", lesson_text(&["experiment = \"bank\"\nonly = [\"local\"]"]));
    room.file("italian/it.md", lesson_text(&["experiment = \"bank\"\nonly = [\"local\"]"]));
    for folder in ["./both", "./both/", "./italian"] {
        let args = ["lesson", folder, "--json", "--no-python", "--runs", "1"];
        let done = Parlab::in_room(&room).args(args).run();
        assert_eq!(done.runs().len(), 2, "{done}");
    }
}

#[test]
fn an_unknown_part_or_variant_of_a_file_is_told_with_those_it_has() {
    let lesson = || Parlab::lesson(["experiment = \"bank\"\nonly = [\"local\"]\nruns = 1"]);
    let failed = Some(EndReason::Failed);
    lesson().args(["--part", "nix"]).run().one_error(ErrorKind::UnknownPart).ends(2, failed);
    let done = lesson().args(["--only", "nix"]).run();
    assert!(done.errors()[0].detail.as_ref().unwrap().contains("unlocked"), "{done}");
    done.one_error(ErrorKind::UnknownVariant).ends(2, failed);
}

#[test]
fn an_unknown_value_is_told_before_anything_runs_by_check_and_where_it_stands_by_lesson() {
    let room = Rc::new(Room::new());
    let text = lesson_text(&["experiment = \"bank\"\nruns = 1\nonly = [\"local\"]"]);
    room.file("x.md", format!("{text}{{{{ r0.local.rums }}}}\n"));
    let done = Parlab::in_room(&room).args(["check", "./x.md", "--json"]).run().code(1);
    let fault = done.lines()[0].clone();
    let places = ["line", "column"].map(|field| fault[field].as_u64());
    assert_eq!(places, [Some(9), Some(13)], "{fault}");
    assert_eq!(fault["kind"], "unknown_value", "{fault}");
    let text = std::fs::read_to_string(room.path("work/x.md")).unwrap();
    assert_eq!(fault["source_line"], text.lines().nth(8).unwrap());
}
