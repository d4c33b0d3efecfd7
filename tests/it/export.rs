//! `--export`: what is kept, in which format, and that nothing is left of what was not done.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::rc::Rc;

use parlab::event::{EndReason, ErrorKind, Timeline};

use crate::family::eventually;
use crate::parlab::{Parlab, lesson_text, pipe};
use crate::room::{Room, names_in};
use crate::trace_format;

fn room() -> Rc<Room> {
    Rc::new(Room::new())
}

/// A comparison that is over soon, in this room.
fn small(room: &Rc<Room>) -> Parlab {
    let args = ["compare", "lock", "--no-python", "--only", "unlocked,locked"];
    Parlab::in_room(room).args(args).args(["--runs", "2", "--iterations", "1000"])
}

/// What stands in the directory where the command was typed.
fn left(room: &Room) -> Vec<String> {
    names_in(&room.path("work"))
}

fn written(room: &Room, name: &str) -> String {
    fs::read_to_string(room.path("work").join(name)).unwrap()
}

#[test]
fn json_keeps_the_very_stream_and_the_view_stays_as_it_is() {
    let room = room();
    let done = small(&room).args(["--json", "--export", "kept.json"]).run();
    assert_eq!(written(&room, "kept.json"), done.stdout());
    small(&room).args(["--export", "KEPT.JSON"]).run().stdout_has("unlocked");
    let last = written(&room, "KEPT.JSON").lines().last().map(str::to_owned);
    assert_eq!(last.as_deref(), Some(r#"{"event":"end","exit":0,"reason":null}"#));
    assert_eq!(left(&room), ["KEPT.JSON", "kept.json"], "and nothing else");
}

#[test]
fn a_page_holds_both_languages_and_what_was_measured() {
    let room = room();
    let done = small(&room).args(["--json", "--lang", "it", "--export", "kept.html"]).run();
    let page = written(&room, "kept.html");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"it\">"), "{page:.200}");
    for words in
        ["Where each run ended", "Dove è finita ogni esecuzione", "CPUs usable", "<caption>"]
    {
        assert!(page.contains(words), "no {words:?}");
    }
    let machine = format!("Linux {}", nix::sys::utsname::uname().unwrap().release().display());
    assert_eq!(page.matches(&machine).count(), 2);
    for run in done.runs().iter().filter(|run| !run.traced) {
        assert!(page.contains(&run.variant), "{}", run.variant);
    }
    let mode = fs::metadata(room.path("work").join("kept.html")).unwrap().permissions().mode();
    assert_eq!(mode & 0o400, 0o400);
}

#[test]
fn a_lesson_is_told_in_both_languages_with_its_code_and_its_questions() {
    let room = room();
    let args = ["lesson", "lock", "--yes", "--no-python", "--runs", "2", "--iterations", "1000"];
    Parlab::in_room(&room).args(args).args(["--export", "l.html"]).run().stdout_has("lock");
    let page = written(&room, "l.html");
    let sheets: Vec<&str> = page.split("<main ").skip(1).collect();
    let [english, italian] = sheets[..] else { panic!("not two languages") };
    for (sheet, words) in [(english, "What happened:"), (italian, "Che cosa è successo:")] {
        assert!(sheet.contains(words), "no {words:?}");
        assert!(sheet.contains("account.store(balance + amount)"), "no code");
        assert!(sheet.contains("class=\"question\"") && sheet.contains("<h1>"));
    }
    assert_eq!(english.matches("<section").count(), italian.matches("<section").count());
}

#[test]
fn a_handout_asks_in_the_language_of_the_session_and_leaves_the_answer_out() {
    let room = room();
    let args = ["lesson", "lock", "--yes", "--no-python", "--runs", "2", "--iterations", "1000"];
    let it = ["--lang", "it", "--export", "l.md"];
    Parlab::in_room(&room).args(args).args(it).run().stdout_has("Che cosa è successo:");
    let sheet = written(&room, "l.md");
    assert!(sheet.starts_with("# Il lock"), "{sheet:.80}");
    for words in ["- [ ] A 100, sempre", "```rust", "account.store(balance + amount)", "| locked |"]
    {
        assert!(sheet.contains(words), "no {words:?}");
    }
    assert_eq!(sheet.matches("**Che cosa è successo, e perché?**").count(), 2);
    for words in ["Che cosa è successo:", "Prova ora", "race condition", "What happened"] {
        assert!(!sheet.contains(words), "{words:?} is given away");
    }
    small(&room).args(["--export", "c.MD", "--lang", "en"]).run().stdout_has("unlocked");
    assert!(written(&room, "c.MD").contains("What happened, and why?"));
}

#[test]
fn the_reader_is_told_where_it_is_unless_results_alone_are_wanted() {
    let room = room();
    for (file, args, said) in [
        ("a.html", ["--lang", "en"], true),
        ("b.json", ["--lang", "it"], true),
        ("c.html", ["-q", "--lang=it"], false),
        ("d.html", ["--json", "--lang=it"], false),
    ] {
        let done = small(&room).args(args).args(["--export", file]).run();
        let kept = format!("{} {file}", if file == "a.html" { "Kept in" } else { "Salvato in" });
        assert_eq!(done.stdout().lines().last() == Some(&kept), said, "{done}");
        assert_eq!(done.stdout().contains(file), said, "{done}");
    }
}

#[test]
fn a_teachers_folder_is_a_page_in_both_languages_if_both_say_the_same() {
    let room = room();
    Parlab::in_room(&room).args(["new", "mine", "-q"]).run().any_stdout();
    let lesson = ["lesson", "./mine", "--no-python", "--yes", "--runs", "1", "--force"];
    let lesson = |lang| {
        let lang = ["--lang", lang, "--export", "mine.html"];
        Parlab::in_room(&room).args(lesson).args(lang).run()
    };
    let languages = || written(&room, "mine.html").matches("<main ").count();
    lesson("it").stdout_has("Due processi, un numero");
    assert_eq!(languages(), 2);
    assert!(written(&room, "mine.html").contains("Two processes, one number"));

    let english = written(&room, "mine/en.md");
    let unlike = english.replacen("experiment = \"bank\"", "experiment = \"price\"", 1);
    let unfilled = english.clone() + "\n{{ nobody.knows }}\n";
    for faulty in [unlike, unfilled, "no block at all\n".to_owned(), "\0".to_owned()] {
        room.file("mine/en.md", faulty);
        lesson("it").stdout_has("una sola lingua").stdout_has("parlab check");
        assert_eq!(languages(), 1);
    }
    fs::remove_file(room.path("work/mine/en.md")).unwrap();
    let done = lesson("it");
    assert!(!done.stdout().contains("una sola lingua"), "there is no other text\n{done}");
    assert_eq!(languages(), 1);
}

#[test]
fn every_lesson_that_has_timelines_makes_a_trace_that_a_viewer_can_show() {
    let room = room();
    let mut arrows = Vec::new();
    for lesson in parlab::experiments::LESSONS.iter().filter(|l| !l.timelines.is_empty()) {
        let file = format!("{}.trace.json", lesson.name);
        let args = ["compare", lesson.name, "--no-python", "--runs", "1", "--json"];
        let done = Parlab::in_room(&room).args(args).args(["--export", &file]).run();
        let told = done.timelines();
        let counts = trace_format::check(&written(&room, &file));
        let title = |told: &Timeline| format!("{} · {}", told.experiment, told.variant);
        assert_eq!(counts.groups, told.iter().map(title).collect::<Vec<_>>());
        let messages: usize = told.iter().map(|timeline| timeline.messages.len()).sum();
        assert_eq!(counts.arrows, messages, "a message without an arrow");
        arrows.extend((messages > 0).then_some(lesson.name));
    }
    assert_eq!(arrows, ["queue", "pool"]);
}

#[test]
fn a_trace_of_what_has_no_times_is_refused_and_leaves_nothing() {
    let room = room();
    let before: [&[&str]; 4] = [
        &["compare", "lock", "--json"],
        &["compare", "all", "--json"],
        &["explore", "lock", "--json"],
        &["lesson", "process", "--part", "args", "--json"],
    ];
    for args in before {
        let done = Parlab::in_room(&room).args(args).args(["--export", "t.trace.json"]).run();
        let done = done.one_error(ErrorKind::NoTimes).ends(2, Some(EndReason::Failed));
        assert_eq!(done.events().len(), 3, "it ran all the same\n{done}");
        assert_eq!(done.errors()[0].detail.as_deref(), Some("process, queue, pool, download"));
    }
    // What came out of one variant alone is known only afterwards.
    let serial = ["compare", "pool", "--only", "serial", "--runs", "1", "--wait", "1ms"];
    let done = Parlab::in_room(&room).args(serial).args(["--export", "T.TRACE.JSON"]).run();
    done.code(2).any_stdout().one_message().stderr_has("process, queue, pool, download");
    assert_eq!(left(&room), Vec::<String>::new());
}

#[test]
fn schedules_prices_and_a_lesson_of_ones_own_can_be_kept_too() {
    let room = room();
    let explore = ["explore", "lock", "--free-runs", "5", "--export", "e.html"];
    Parlab::in_room(&room).args(explore).run().stdout_has("70");
    assert!(written(&room, "e.html").contains("70\u{a0}schedules, all truly run"));
    let own = lesson_text(&["experiment = \"bank\"\nruns = 1\nonly = [\"locked\"]"]);
    room.file("mine.it.md", own + "Una frase.\n");
    let lesson = ["lesson", "./mine.it.md", "--no-python", "--yes", "--export", "m.html"];
    Parlab::in_room(&room).args(lesson).run().stdout_has("locked");
    let page = written(&room, "m.html");
    assert!(page.contains("Una frase.") && page.matches("<main ").count() == 1, "one language");
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_force() {
    let room = room();
    room.file("kept.json", "mine");
    let done = small(&room).args(["--json", "--export", "kept.json"]).run();
    let done = done.one_error(ErrorKind::FileExists).ends(2, Some(EndReason::Failed));
    assert!(done.runs().is_empty(), "it ran all the same");
    assert_eq!(written(&room, "kept.json"), "mine");
    let done = small(&room).args(["--export", "kept.json", "--lang", "it"]).run().code(2);
    done.any_stdout().one_message().stderr_has("--force");
    small(&room).args(["--export", "kept.json", "--force"]).run().any_stdout();
    assert!(written(&room, "kept.json").starts_with("{\"event\":\"start\""));
    room.file("kept.md", "mine");
    small(&room).args(["--export", "kept.md"]).run().code(2).any_stdout().one_message();
    assert_eq!(written(&room, "kept.md"), "mine");
    small(&room).args(["--export", "kept.md", "--force"]).run().any_stdout();
    room.file("kept.trace.json", "mine");
    let pool = ["compare", "pool", "--no-python", "--only", "map", "--runs", "1", "--wait", "1ms"];
    let pool = || Parlab::in_room(&room).args(pool).args(["--export", "kept.trace.json"]);
    pool().run().code(2).any_stdout().one_message();
    assert_eq!(written(&room, "kept.trace.json"), "mine");
    pool().args(["--force"]).run().any_stdout();
    trace_format::check(&written(&room, "kept.trace.json"));
    assert!(written(&room, "kept.md").starts_with("# parlab compare lock"));
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_runs() {
    let room = room();
    fs::create_dir(room.path("work").join("folder.html")).unwrap();
    let long = "x".repeat(300) + ".json";
    let files = ["nowhere/kept.html", "nowhere/kept.md", "/proc/kept.trace.json", "folder.html"];
    for file in files.into_iter().chain([long.as_str()]) {
        let args = ["compare", "pool", "--json", "--force", "--export", file];
        let done = Parlab::in_room(&room).args(args).run();
        let done = done.one_error(ErrorKind::Output).ends(1, Some(EndReason::Failed));
        assert!(done.runs().is_empty(), "it ran all the same");
        let error = &done.errors()[0];
        assert_eq!(error.what.as_deref(), Some(file));
        // Nor does it tell of a file that nobody named.
        let said = error.detail.as_deref().expect("what the system says");
        assert!(!said.contains(".parlab-"), "{said}");
    }
    let done = small(&room).args(["--export", "nowhere/kept.html"]).run().code(1);
    drop(done.stdout_has("CPU").stderr_has("that the folder is there and you may write in it"));
    assert_eq!(left(&room), ["folder.html"]);
}

#[test]
fn a_name_that_is_no_text_has_an_ending_all_the_same() {
    let room = room();
    let name = OsStr::from_bytes(b"kept-\xff.JSON");
    small(&room).args([OsStr::new("--export"), name]).run().any_stdout();
    let kept = fs::read(room.path("work").join(name)).unwrap();
    assert!(kept.starts_with(b"{\"event\":\"start\""));
}

#[test]
fn a_reader_who_leaves_early_is_told_that_nothing_was_kept() {
    let room = room();
    let (read, write) = pipe();
    drop(read);
    let done = small(&room).args(["--export", "kept.html"]).stdout(write).run().code(1);
    done.any_stdout().one_message();
    assert_eq!(left(&room), Vec::<String>::new());
}

#[test]
fn an_ending_that_says_nothing_is_wrong_usage() {
    for file in ["kept", "kept.txt", "html", "kept.html.gz", ".json", "kept.md/", "kept.md/."] {
        let done = Parlab::new().args(["compare", "lock", "--export", file]).run().code(2);
        done.stdout_is_empty().stderr_has(".html, .md, .json or .trace.json");
    }
    let done = Parlab::new().args(["compare", "lock", "--force"]).run().code(2);
    done.stdout_is_empty().stderr_has("--export");
}

#[test]
fn what_was_not_done_to_its_end_leaves_nothing() {
    for file in ["kept.html", "kept.md", "kept.json", "kept.trace.json"] {
        let room = room();
        let long = ["compare", "pool", "--no-python", "--only", "map", "--runs", "10000"];
        let long = || Parlab::in_room(&room).args(long).args(["--wait", "0s"]);
        let limit = ["--seconds-limit", "0.3", "--json", "--export", file];
        long().args(limit).run().ends(124, Some(EndReason::TimeLimit));
        let mut run = long().args(["--json", "--export", file]).start();
        run.family();
        assert_eq!(left(&room), Vec::<String>::new(), "something is there while it runs");
        run.interrupt();
        run.wait().ends(130, Some(EndReason::Interrupted));
        let mut run = long().args(["--json", "--export", file]).may_leave_names().start();
        let family = run.family();
        crate::family::signal(family.front, nix::sys::signal::Signal::SIGKILL);
        run.wait().any_stdout().signal(nix::sys::signal::Signal::SIGKILL);
        eventually("an empty room", || left(&room).is_empty().then_some(()));
    }
}
