//! What the machine offers as text: the page of `doctor` and the price list, from given events.

use parlab::event::*;
use parlab::lesson::doc::Lang;
use parlab::view::View;
use parlab::view::text::Options;
use textwrap::core::display_width;

use crate::stream::{style, text};

const LANGUAGES: [Lang; 2] = [Lang::En, Lang::It];
const WIDTHS: [usize; 4] = [40, 60, 80, 100];

fn start(command: &str) -> Event {
    Event::Start(Box::new(Start {
        schema: SCHEMA,
        command: command.to_owned(),
        lesson: "all".to_owned(),
        program: None,
        params: Params::default(),
        machine: Machine {
            cpus: 1,
            usable: vec![0, 1, 2, 5],
            logical_cpus: 8,
            quota_cpus: Some(0.5),
            load_1m: None,
            arch: "x86_64".to_owned(),
            kernel: "6.1".to_owned(),
        },
    }))
}

/// What is printed of these events between a start and an end.
fn page(command: &str, events: &[Event], width: usize, lang: Lang) -> String {
    let (mut view, out, err) = text(style(width, lang), Options::default());
    let end = Event::End(End { exit: 0, reason: None });
    for event in [start(command)].iter().chain(events).chain([&end]) {
        view.event(event).unwrap();
    }
    assert_eq!(err.text(), "");
    let text = out.text();
    for line in text.lines() {
        // A word longer than the line stays whole.
        let breakable = line.trim().contains(' ');
        assert!(display_width(line) <= width || !breakable, "{width} columns: {line:?}\n{text}");
    }
    text
}

pub fn price(means: &str, python: Option<&str>, cost_s: f64) -> Event {
    Event::Price(of(means, python, cost_s))
}

fn of(means: &str, python: Option<&str>, cost_s: f64) -> Price {
    Price {
        means: means.to_owned(),
        operation: if means == "lock" { Operation::Addition } else { Operation::RoundTrip },
        experiment: "echo".to_owned(),
        variant: means.to_owned(),
        python: python.map(str::to_owned),
        cost_s,
        q1_s: None,
        q3_s: None,
        cpus: (means != "lock").then(|| vec![0, 1]),
        native_only: false,
    }
}

/// How many full and how many light columns the bar of a means has.
fn bar(text: &str, means: &str) -> (usize, usize) {
    let line = text.lines().find(|line| line.trim_start().starts_with(means)).unwrap();
    (line.matches('█').count(), line.matches('░').count())
}

#[test]
fn the_price_list_begins_with_the_cheapest_and_draws_each_tenfold_as_long() {
    let prices = [
        price("pipe", None, 1e-4),
        price("pipe", Some("python"), 1e-5),
        price("lock", None, 1e-7),
        price("lock", Some("python"), 1e-6),
        price("shm", None, 1e-6),
    ];
    for (lang, heading) in [(Lang::En, "What one operation costs"), (Lang::It, "Quanto costa")] {
        for width in WIDTHS {
            let text = page("compare", &prices, width, lang);
            assert!(text.contains(heading), "{text}");
            let place = |means: &str| text.find(&format!("\n  {means} ")).unwrap();
            assert!(place("lock") < place("shm") && place("shm") < place("pipe"), "{text}");
        }
        let text = page("compare", &prices, 80, lang);
        let [lock, shm, pipe] = ["lock", "shm", "pipe"].map(|means| bar(&text, means));
        // Python's lock costs as much as shm; where Python is quicker there is nothing to draw.
        assert_eq!(lock.0 + lock.1, shm.0, "{text}");
        assert_eq!((shm.1, pipe.1), (0, 0), "{text}");
        let (tenfold, hundredfold) = (shm.0 - lock.0, pipe.0 - shm.0);
        assert!(tenfold > 0 && hundredfold.abs_diff(2 * tenfold) <= 1, "{text}");
    }
}

#[test]
fn several_pythons_have_a_column_each_and_placement_is_told() {
    let prices = [
        price("pipe", None, 1e-5),
        price("pipe", Some("python3.9"), 2e-5),
        price("pipe", Some("python3.13t"), 3e-5),
        price("shm", Some("python3.9"), 4e-5),
    ];
    let text = page("compare", &prices, 80, Lang::En);
    assert!(text.contains("Python3.9") && text.contains("Python3.13t"), "{text}");
    assert!(text.contains("pipe: the processes were pinned on CPUs 0 and 1."), "{text}");
    assert!(text.contains('–'), "{text}");
    for lang in LANGUAGES {
        for width in WIDTHS {
            page("compare", &prices, width, lang);
        }
    }
}

#[test]
fn what_python_has_nothing_like_is_named_where_there_is_a_python() {
    let atomic = Event::Price(Price { native_only: true, ..of("atomic", None, 1e-8) });
    let lock = [price("lock", None, 1e-7), price("lock", Some("python"), 1e-6)];
    // Of shm there is a price in Python, but not of this one: it failed, and that is told elsewhere.
    let shm = price("shm", None, 1e-6);
    let [rust, python] = lock;
    let with_python = [atomic.clone(), rust.clone(), python, shm.clone()];
    let words =
        [(Lang::En, "Python's standard library"), (Lang::It, "libreria standard di Python")];
    for (lang, said) in words {
        let text = page("compare", &with_python, 100, lang);
        let line =
            text.lines().find(|line| line.contains(said)).unwrap_or_else(|| panic!("{text}"));
        assert!(line.ends_with(": atomic"), "{text}");
        let alone = page("compare", &[atomic.clone(), rust.clone(), shm.clone()], 100, lang);
        assert!(!alone.contains(said), "{alone}");
        for width in WIDTHS {
            page("compare", &with_python, width, lang);
        }
    }
}

#[test]
fn what_the_experiments_of_a_price_list_say_alike_is_said_once_and_their_results_not_at_all() {
    let python = Event::Python(Python {
        path: Some("/bin/python3".to_owned()),
        version: Some("3.11.2".to_owned()),
        gil: Some(true),
        fault: None,
        detail: None,
    });
    let summary = Event::Summary(Summary {
        experiment: "echo".to_owned(),
        baseline: "pipe".to_owned(),
        variants: Vec::new(),
        winner: None,
    });
    let measure = Event::Measure(Measure {
        experiment: "echo".to_owned(),
        variant: Some("pipe".to_owned()),
        values: [("free_s".to_owned(), 1.0.into())].into_iter().collect(),
    });
    let twice = [python.clone(), measure, summary, python, price("pipe", None, 1e-5)];
    let text = page("compare", &twice, 80, Lang::En);
    assert_eq!(text.matches("3.11.2").count(), 1, "{text}");
    assert!(!text.contains("free") && !text.contains("echo"), "{text}");
}

const NEEDS: [NeedKind; 9] = [
    NeedKind::Experiments,
    NeedKind::Cpus,
    NeedKind::Python,
    NeedKind::Processes,
    NeedKind::Descriptors,
    NeedKind::SharedMemory,
    NeedKind::ProcSyscall,
    NeedKind::Loopback,
    NeedKind::Temporary,
];

fn lessons() -> Vec<Event> {
    let lack = |need, wanted| Lack {
        need,
        wanted: Some(wanted),
        has: Some(1),
        vital: true,
        parts: vec!["core".to_owned(), "killed".to_owned()],
    };
    let lesson = |name: &str, runs, wanted| {
        let lacks = NEEDS.map(|need| lack(need, wanted)).into();
        Event::Readiness(Readiness { lesson: name.to_owned(), runs, lacks })
    };
    let whole =
        Event::Readiness(Readiness { lesson: "lock".to_owned(), runs: true, lacks: Vec::new() });
    vec![lesson("download", false, 4), whole, lesson("queue", true, 4096)]
}

fn found() -> Event {
    Event::Machine(Found {
        experiment: "survey".to_owned(),
        place: Some(Place {
            container: Some("docker".to_owned()),
            wsl: Some(2),
            memory_bytes: Some(1 << 30),
            shared_memory: Some(SharedMemory {
                size_bytes: 1 << 26,
                free_bytes: 1 << 25,
                writable: false,
            }),
            limits: vec![Limit { name: "ulimit -u".to_owned(), most: 4096 }],
        }),
        ceiling: Some(Ceiling {
            processes: 2,
            factor: 1.93,
            q1: 1.2,
            median: 1.5,
            q3: 1.8,
            rounds: 15,
        }),
        clock: Some(Clock {
            source: Some("hpet".to_owned()),
            resolution_ns: Some(1),
            grain_ns: 70,
            reading_ns: 1200.0,
        }),
        wake: Some(Wake { same_cpu_s: 4e-6, two_cpus_s: Some(4e-5) }),
        tried: Some(Tried {
            processes_wanted: 100,
            processes: 7,
            descriptors: Some(12),
            proc_syscall: false,
            loopback: false,
            temporary: false,
        }),
    })
}

#[test]
fn the_doctor_s_page_fits_and_tells_each_lack_once_with_its_remedy() {
    let events: Vec<Event> = [found()].into_iter().chain(lessons()).collect();
    for lang in LANGUAGES {
        for width in WIDTHS {
            let text = page("doctor", &events, width, lang);
            let all =
                ["docker", "WSL 2", "hpet", "4\u{a0}096", "ulimit -n", "--shm-size", "TMPDIR="];
            for words in all {
                assert!(text.contains(words), "no {words:?} in\n{text}");
            }
            assert_eq!(text.matches("  • ").count(), NEEDS.len(), "{text}");
            assert_eq!((text.matches('✓').count(), text.matches('✗').count()), (2, 1), "{text}");
        }
    }
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let [en, it] = LANGUAGES.map(|lang| words(page("doctor", &events, 80, lang)));
    assert!(en.contains("0–2, 5 by affinity; the cgroup grants 0.50 CPUs' worth of time"), "{en}");
    assert!(it.contains("0–2, 5 per affinità; il cgroup concede tempo per 0,50 CPU"), "{it}");
    assert!(en.contains("only 7 of 100 could be started"), "{en}");
    assert!(it.contains("solo 7 su 100"), "{it}");
    assert!(en.contains("×1.93") && it.contains("×1,93"));
    assert!(en.contains("download ✗ cannot run") && en.contains("lock ✓ all of it"), "{en}");
}

#[test]
fn pythons_that_do_not_say_which_they_are_share_a_line_unless_there_is_one() {
    let silent = |path: &str| {
        Event::Python(Python {
            path: Some(path.to_owned()),
            version: None,
            gil: None,
            fault: Some(PythonFault::Failed),
            detail: Some("command not found".to_owned()),
        })
    };
    let many = page("doctor", &[silent("/a/python3.6"), silent("/a/python3.7")], 80, Lang::En);
    assert!(many.contains("/a/python3.6, /a/python3.7") || many.contains("/a/python3.6,\n"));
    assert_eq!(many.matches("ended with an error").count(), 1, "{many}");
    let one = page("doctor", &[silent("/a/python3.6")], 80, Lang::En);
    assert!(one.contains("/a/python3.6: ended with an error"), "{one}");
    assert!(one.contains("command not found"), "{one}");
}

#[test]
fn what_was_not_looked_at_is_not_told() {
    let text = page("doctor", &[Event::Machine(Found::default())], 80, Lang::En);
    assert!(!text.contains("/dev/shm") && !text.contains("ceiling"), "{text}");
}
