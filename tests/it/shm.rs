//! The experiments of the lesson *shm*: what they claim, held against what they report.

use parlab::event::{Event, Run};

use crate::done::Done;
use crate::family::skip;
use crate::parlab::{Parlab, lesson_text};
use crate::python::{faults, real_python};

/// The variants of `carry` that need no Python.
const CARRIERS: [&str; 4] = ["pipe", "socketpair", "queue", "shm"];

/// `compare shm --json` without Python.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["compare", "shm", "--json", "--no-python"]).args(args)
}

#[track_caller]
fn number(done: &Done, variant: &str, name: &str) -> f64 {
    let value = done.figure(variant, name);
    value.as_f64().unwrap_or_else(|| panic!("{name} of {variant:?} is {value}\n{done}"))
}

#[test]
fn what_a_child_sets_its_parent_reads_only_where_both_share_it() {
    let done = Parlab::lesson(["experiment = \"written\""]).run();
    for (variant, parent_reads) in [("variable", 0.0), ("global", 0.0), ("value", 33.5)] {
        assert_eq!(number(&done, variant, "child_sum"), 33.5, "{variant}");
        assert_eq!(number(&done, variant, "parent_sum"), parent_reads, "{variant}");
        assert_eq!(done.figure(variant, "same_address"), true, "{variant}");
        let address = done.figure(variant, "child_address");
        assert_eq!(address, done.figure(variant, "parent_address"), "{variant}");
        assert!(address.as_str().unwrap().starts_with("0x"), "{address}");
    }
}

#[test]
fn the_write_to_a_copy_stops_for_the_page_fault_that_makes_it() {
    let done = Parlab::lesson(["experiment = \"written\"\nonly = [\"variable\"]"]).run();
    assert_eq!(number(&done, "variable", "page_faults"), 1.0, "{done}");
}

#[test]
fn the_array_begins_as_zeros_and_ends_as_the_notebook_printed_it() {
    let done = Parlab::lesson(["experiment = \"written\""]).run();
    let printed =
        "3.0, 4.0, 5.0, 6.0, 7.0, 8.399999618530273, 8.800000190734863, 7.300000190734863";
    for variant in ["variable", "global", "value"] {
        assert_eq!(done.figure(variant, "array_before"), ["0.0"; 8].join(", ").as_str());
        assert_eq!(done.figure(variant, "array"), printed, "{variant}");
    }
}

#[test]
fn eight_point_four_is_kept_by_64_bits_and_not_by_32() {
    let done = Parlab::lesson(["experiment = \"bits\""]).run();
    for (variant, stored, equal, bits) in [
        ("f32", "8.399999618530273", false, "0x41066666"),
        ("f64", "8.4", true, "0x4020cccccccccccd"),
    ] {
        assert_eq!(done.figure(variant, "stored"), stored);
        assert_eq!(done.figure(variant, "equal"), equal);
        assert_eq!(done.figure(variant, "equal_as_stored"), true);
        assert_eq!(done.figure(variant, "bits"), bits);
        // The whole number times the power of two is the number, exactly.
        let significand = number(&done, variant, "significand");
        let power = number(&done, variant, "power");
        let value: f64 = stored.parse().unwrap();
        assert_eq!(significand * power.exp2(), value, "{variant}");
        let above: f64 = done.figure(variant, "above").as_str().unwrap().parse().unwrap();
        assert!(value <= 8.4 && above > 8.4, "{variant}: {value} {above}");
        assert_eq!(number(&done, variant, "gap"), power.exp2(), "{variant}");
    }
}

#[test]
fn every_carrier_brings_every_number_back_with_2_added() {
    for n in ["1", "8192", "8193", "100000"] {
        let done = compare(["--runs", "2", "--n", n]).run();
        let runs = done.runs();
        assert_eq!(runs.len(), 2 * CARRIERS.len(), "{done}");
        let n: i64 = n.parse().unwrap();
        for run in runs {
            let sum = Some((0..n).map(|number| number + 2).sum());
            assert_eq!((run.expected, run.got, run.correct), (sum, sum, Some(true)), "{run:?}");
        }
    }
}

#[test]
fn a_message_is_copied_in_and_out_and_shared_numbers_once_each_way() {
    let done = compare(["--runs", "1", "--n", "20000"]).run();
    let payload = 20_000.0 * 8.0;
    for message in ["pipe", "socketpair", "queue"] {
        assert_eq!(number(&done, message, "copied_bytes"), 4.0 * payload, "{message}");
    }
    assert_eq!(number(&done, "shm", "copied_bytes"), 2.0 * payload);
}

#[test]
fn nobody_holds_more_than_twice_the_numbers() {
    let peaks = |n: &str| {
        let done = compare(["--runs", "1", "--n", n]).run();
        CARRIERS.map(|carrier| number(&done, carrier, "peak_bytes"))
    };
    let (few, many) = (peaks("1"), peaks("1000000"));
    let payload = 8e6;
    for (carrier, (few, many)) in CARRIERS.iter().zip(few.into_iter().zip(many)) {
        // Beside the numbers there are the queue's megabytes, and a message.
        let more = many - few;
        assert!(more >= 0.9 * payload, "{carrier}: {more} bytes more for {payload}");
        assert!(more <= 2.0 * payload + 4e6, "{carrier}: {more} bytes more for {payload}");
    }
}

#[test]
fn parent_and_child_are_placed_alike_for_every_carrier() {
    let done = compare(["--runs", "1", "--n", "10"]).run();
    let runs = done.runs();
    let places: Vec<&Option<Vec<usize>>> = runs.iter().map(|run: &Run| &run.cpus).collect();
    assert!(places.windows(2).all(|pair| pair[0] == pair[1]), "{places:?}");
    if parlab::mp::sys::affinity().unwrap().len() > 1 {
        let cpus = places[0].as_ref().expect("pinned");
        assert!(cpus.len() == 2 && cpus[0] != cpus[1], "{cpus:?}");
    }
}

#[test]
fn one_cpu_is_enough() {
    let taskset = ["/usr/bin/taskset", "-c", "0"];
    if !std::path::Path::new(taskset[0]).exists() {
        return skip("one_cpu_is_enough", "there is no taskset");
    }
    let done = compare(["--runs", "2"]).under(taskset).run();
    for run in done.runs() {
        assert_eq!((run.correct, run.cpus), (Some(true), None));
    }
    let args = ["lesson", "shm", "--no-python"];
    Parlab::new().args(args).under(taskset).run().any_stdout().code(0);
}

#[test]
fn a_real_python_shows_the_same() {
    let Some(python) = real_python() else {
        return skip("a_real_python_shows_the_same", "there is no python3");
    };
    let blocks = [
        "experiment = \"carry\"\nruns = 1\nn = 1000\nonly = [\"python-pipe\", \"python-shm\"]",
        "experiment = \"written\"\nonly = [\"python-variable\", \"python-global\", \"python-value\"]",
        "experiment = \"bits\"\nonly = [\"python-f\", \"python-d\"]",
    ];
    let room = std::rc::Rc::new(crate::room::Room::new());
    room.file("x.md", lesson_text(&blocks));
    let args = ["lesson", "./x.md", "--json", "--python"];
    let done = Parlab::in_room(&room).args(args).args([&python]).run();
    assert_eq!(faults(&done), [], "{done}");
    let runs = done.runs();
    assert_eq!(runs.len(), 2, "{done}");
    for run in runs {
        assert_eq!((run.expected, run.correct), (Some(501_500), Some(true)), "{run:?}");
        assert_eq!(run.start_method.as_deref(), Some("fork"));
    }
    for (variant, sum) in [("python-variable", 0.0), ("python-global", 0.0), ("python-value", 33.5)]
    {
        assert_eq!(number(&done, variant, "child_sum"), 33.5, "{variant}");
        assert_eq!(number(&done, variant, "parent_sum"), sum, "{variant}");
    }
    assert_eq!(done.figure("python-f", "bits"), "0x41066666");
    assert_eq!(done.figure("python-f", "equal"), false);
    assert_eq!(done.figure("python-d", "equal"), true);
}

#[test]
fn the_figures_are_those_of_the_registry() {
    let experiments = ["carry", "written", "bits"]
        .map(|name| format!("experiment = \"{name}\"\nn = 10\nruns = 1"));
    let done = Parlab::lesson(experiments.each_ref().map(String::as_str)).run();
    for measure in done.figures() {
        let (_, row) = parlab::experiments::experiment(&measure.experiment).unwrap();
        let known = if measure.variant.is_some() { row.figures } else { row.experiment_figures };
        for name in measure.values.keys() {
            assert!(known.contains(&name.as_str()), "{name} of {measure:?}");
        }
    }
}

#[test]
fn of_the_answers_to_each_question_exactly_one_holds() {
    let args = ["lesson", "shm", "--part", "all", "--json", "--no-python", "--runs", "1"];
    let done = Parlab::new().args(args).args(["--n", "1000"]).run();
    let held: Vec<(String, Vec<String>)> = (done.events().into_iter())
        .filter_map(|e| if let Event::Answer(a) = e { Some((a.ask, a.held)) } else { None })
        .collect();
    let asked: Vec<&str> = held.iter().map(|(ask, _)| ask.as_str()).collect();
    assert_eq!(asked, ["sum", "equal"]);
    assert!(held.iter().all(|(_, held)| held.len() == 1), "{held:?}");
    assert_eq!(held[0].1, ["unchanged"]);
    assert_eq!(held[1].1, ["width"]);
}

#[test]
fn a_run_of_the_whole_lesson_ends_well_in_both_languages() {
    for lang in ["en", "it"] {
        let args = ["lesson", "shm", "--part", "all", "--no-python", "--lang", lang];
        let run = Parlab::new().args(args).args(["--runs", "1", "--n", "1000"]);
        run.run().any_stdout().code(0);
    }
}
