//! The experiments of the lesson *shm*: what they claim, held against what they report.

use parlab::event::{Curve, Event, Run};

use crate::family::{is_root, skip};
use crate::parlab::{Parlab, lesson_text};
use crate::python::{faults, real_python};
use crate::surroundings::{one_cpu, succeeds};

/// The variants of `carry` that need no Python.
const CARRIERS: [&str; 5] = ["pipe", "socketpair", "queue", "shm", "manager"];

/// `compare shm --json` without Python.
fn compare<const N: usize>(args: [&str; N]) -> Parlab {
    Parlab::new().args(["compare", "shm", "--json", "--no-python"]).args(args)
}

#[test]
fn what_a_child_sets_its_parent_reads_only_where_both_share_it() {
    let done = Parlab::lesson(["experiment = \"written\""]).run();
    for (variant, parent_reads) in [("variable", 0.0), ("global", 0.0), ("value", 33.5)] {
        assert_eq!(done.number(variant, "child_sum"), 33.5, "{variant}");
        assert_eq!(done.number(variant, "parent_sum"), parent_reads, "{variant}");
        assert_eq!(done.figure(variant, "same_address"), true, "{variant}");
        let address = done.figure(variant, "child_address");
        assert_eq!(address, done.figure(variant, "parent_address"), "{variant}");
        assert!(address.as_str().unwrap().starts_with("0x"), "{address}");
    }
}

#[test]
fn the_write_to_a_copy_stops_for_the_page_fault_that_makes_it() {
    let done = Parlab::lesson(["experiment = \"written\"\nonly = [\"variable\"]"]).run();
    assert_eq!(done.number("variable", "page_faults"), 1.0, "{done}");
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
        let significand = done.number(variant, "significand");
        let power = done.number(variant, "power");
        let value: f64 = stored.parse().unwrap();
        assert_eq!(significand * power.exp2(), value, "{variant}");
        let above: f64 = done.figure(variant, "above").as_str().unwrap().parse().unwrap();
        assert!(value <= 8.4 && above > 8.4, "{variant}: {value} {above}");
        assert_eq!(done.number(variant, "gap"), power.exp2(), "{variant}");
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
        assert_eq!(done.number(message, "copied_bytes"), 4.0 * payload, "{message}");
    }
    assert_eq!(done.number("shm", "copied_bytes"), 2.0 * payload);
    // Its server takes each message out of one socket, and puts it into another.
    assert_eq!(done.number("manager", "copied_bytes"), 8.0 * payload);
}

#[test]
fn nobody_holds_more_than_twice_the_numbers() {
    let peaks = |n: &str| {
        let done = compare(["--runs", "1", "--n", n]).run();
        CARRIERS.map(|carrier| done.number(carrier, "peak_bytes"))
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
    let Some(one_cpu) = one_cpu() else {
        return skip("one_cpu_is_enough", "there is no taskset(1)");
    };
    let done = compare(["--runs", "2"]).under(one_cpu.clone()).run();
    for run in done.runs() {
        assert_eq!((run.correct, run.cpus), (Some(true), None));
    }
    let args = ["lesson", "shm", "--no-python"];
    Parlab::new().args(args).under(one_cpu).run().any_stdout().code(0);
}

#[test]
fn the_trips_grow_from_one_number_to_as_many_as_were_asked_for() {
    let done = Parlab::lesson(["experiment = \"growth\"\nn = 1000\nruns = 1"]).run();
    let curves: Vec<Curve> = (done.events().into_iter())
        .filter_map(|e| if let Event::Curve(curve) = e { Some(curve) } else { None })
        .collect();
    let names: Vec<&str> = curves.iter().map(|curve| curve.variant.as_str()).collect();
    assert_eq!(names, CARRIERS);
    for curve in &curves {
        assert_eq!((curve.x.as_str(), curve.y.as_str()), ("n", "time_s"));
        let sizes: Vec<f64> = curve.points.iter().map(|point| point.0).collect();
        assert_eq!(sizes, [1.0, 10.0, 100.0, 1000.0]);
        let of = |name| done.number(&curve.variant, name);
        let times = ["at_1_s", "at_10_s", "at_100_s", "at_1k_s"].map(of);
        let drawn: Vec<f64> = curve.points.iter().map(|point| point.1).collect();
        assert_eq!(drawn, times, "the table and the plot tell the same");
        assert_eq!(of("few_ratio"), times[1] / times[0]);
        assert_eq!(of("many_ratio"), times[3] / times[2]);
    }
    assert_eq!(done.number("", "most_bytes"), 8000.0);
    assert_eq!(done.number("pipe", "copied_bytes"), 32_000.0);
    assert_eq!(done.number("shm", "copied_bytes"), 16_000.0);
}

#[test]
fn one_number_alone_grows_nowhere() {
    let done = Parlab::lesson(["experiment = \"growth\"\nn = 1\nruns = 1"]).run();
    assert!(done.number("pipe", "at_1_s") > 0.0);
    assert!(done.figures().iter().all(|measure| !measure.values.contains_key("few_ratio")));
    let args = ["lesson", "shm", "--part", "carriers", "--no-python", "--n", "1", "--runs", "1"];
    Parlab::new().args(args).run().any_stdout();
}

#[test]
fn the_trips_are_drawn_as_a_plot() {
    let room = std::rc::Rc::new(crate::room::Room::new());
    room.file("x.md", lesson_text(&["experiment = \"growth\"\nn = 1000\nruns = 1"]));
    let done = Parlab::in_room(&room).args(["lesson", "./x.md", "--no-python"]).run();
    let text = done.stdout().to_string();
    assert!(text.contains("a pipe, b socketpair, c queue, d shm, e manager"), "{done}");
    assert!(text.contains("1\u{a0}000"), "{done}");
}

#[test]
fn what_is_only_read_is_there_once_and_what_is_written_to_once_for_each_who_writes() {
    let done = Parlab::lesson(["experiment = \"footprint\""]).run();
    if done.figures().is_empty() {
        return skip("what_is_only_read…", "/proc/PID/smaps_rollup is not there");
    }
    let times = |variant| done.number(variant, "times");
    assert_eq!(done.number("shared", "processes"), 5.0);
    for once in ["inherited", "shared"] {
        assert!((0.9..1.5).contains(&times(once)), "{once}: {}\n{done}", times(once));
    }
    // The parent's numbers, and a copy for each of four children.
    assert!((4.5..5.6).contains(&times("written")), "{}\n{done}", times("written"));
}

#[test]
fn named_memory_is_found_by_its_name_and_unlinked_by_its_creator_alone() {
    let done = Parlab::lesson(["experiment = \"named\""]).run();
    assert_eq!(done.number("stranger", "sum"), 33.5);
    assert_eq!(done.figure("stranger", "left"), "3, 4, 5, 6, 7, 8.4, 8.8, 7.3");
    assert_eq!(done.figure("stranger", "name_left"), true);
    assert_eq!(done.figure("child-drops", "name_left"), true);
    assert_eq!(done.figure("crate-child-drops", "name_left"), false);
    assert_eq!(done.figure("owner-killed", "exitcode"), -9);
    assert_eq!(done.figure("owner-killed", "name_left"), true);
    assert_eq!(done.number("owner-killed", "content"), 33.5);
}

#[test]
fn named_memory_that_does_not_fit_is_refused_before_it_is_touched() {
    let done = Parlab::lesson(["experiment = \"named\"\nonly = [\"too-large\"]"]).run();
    assert_eq!(done.figure("too-large", "refused"), true);
    let [asked, free] = ["asked_bytes", "free_bytes"].map(|name| done.number("too-large", name));
    assert!(asked > free, "{done}");
    assert_eq!(done.figure("too-large", "name_left"), false);
}

#[test]
fn without_a_place_for_named_memory_the_lesson_says_so_and_goes_on() {
    let unshare = ["/usr/bin/unshare", "--mount"];
    if !is_root() || !succeeds(&[unshare[0], unshare[1], "/bin/true"]) {
        return skip("without_a_place…", "mounts may not be changed here");
    }
    let sealed = "/bin/mount -t tmpfs -o ro none /dev/shm && exec \"$0\" \"$@\"";
    let sealed = |run: Parlab| run.under(unshare).under(["/bin/sh", "-c", sealed]);
    let done = sealed(Parlab::lesson(["experiment = \"named\""])).run();
    for variant in ["stranger", "child-drops", "crate-child-drops", "owner-killed", "too-large"] {
        let fault = done.figure(variant, "fault");
        assert!(fault.as_str().unwrap().contains("/dev/shm"), "{variant}: {fault}");
    }
    let args = ["lesson", "shm", "--part", "all", "--no-python", "--n", "10", "--runs", "1"];
    let done = sealed(Parlab::new().args(args)).run();
    assert!(done.stdout().contains("there is no named memory to be had here"), "{done}");
}

#[test]
fn what_a_killed_run_leaves_by_name_is_swept() {
    // The owner's story ends the run with the segment still there, if the run is killed in it.
    let name = format!("parlab-{}-{}-left", i32::MAX, 1);
    let path = std::path::Path::new("/dev/shm").join(&name);
    if std::fs::write(&path, "left").is_err() {
        return skip("what_a_killed_run…", "/dev/shm may not be written to");
    }
    Parlab::lesson(["experiment = \"bits\""]).run().any_stdout();
    assert!(!path.exists(), "the next run removes what the dead left");
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
        "experiment = \"named\"\nonly = [\"python-stranger\"]",
        "experiment = \"footprint\"\nonly = [\"python-list\", \"python-array\"]",
    ];
    let done = Parlab::lesson_in(&python, blocks).run();
    assert_eq!(faults(&done), [], "{done}");
    let runs = done.runs();
    assert_eq!(runs.len(), 2, "{done}");
    for run in runs {
        assert_eq!((run.expected, run.correct), (Some(501_500), Some(true)), "{run:?}");
        assert_eq!(run.start_method.as_deref(), Some("fork"));
    }
    for (variant, sum) in [("python-variable", 0.0), ("python-global", 0.0), ("python-value", 33.5)]
    {
        assert_eq!(done.number(variant, "child_sum"), 33.5, "{variant}");
        assert_eq!(done.number(variant, "parent_sum"), sum, "{variant}");
    }
    assert_eq!(done.figure("python-f", "bits"), "0x41066666");
    assert_eq!(done.figure("python-f", "equal"), false);
    assert_eq!(done.figure("python-d", "equal"), true);
    // To look at an object is to count a reference, and to write to its page.
    if done.figures().iter().any(|m| m.variant.as_deref() == Some("python-list")) {
        let times = |variant| done.number(variant, "times");
        assert!(times("python-list") > 2.0 && times("python-array") < 1.5, "{done}");
    }
    // A Python older than 3.8 has no such memory, and says nothing of it.
    if done.figures().iter().any(|m| m.variant.as_deref() == Some("python-stranger")) {
        assert_eq!(done.number("python-stranger", "content"), 7.0, "{done}");
    }
}
