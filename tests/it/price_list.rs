//! `parlab compare all`: the price list of this machine, told by the lessons' own experiments.

use std::collections::BTreeSet;

use parlab::event::{Event, Operation, Price};
use parlab::experiments::{Cost, LESSONS, Opt, Prices};

use crate::done::Done;
use crate::family::skip;
use crate::parlab::Parlab;
use crate::python::real_python;
use crate::surroundings::succeeds;

fn list() -> Parlab {
    Parlab::new().args(["compare", "all", "--json", "--runs", "1"])
}

fn prices(done: &Done) -> Vec<Price> {
    let events = done.events().into_iter();
    events.filter_map(|e| if let Event::Price(p) = e { Some(p) } else { None }).collect()
}

fn rows() -> impl Iterator<Item = &'static Prices> {
    LESSONS.iter().flat_map(|lesson| lesson.prices)
}

/// The means of Rust's prices, in the order in which they are told.
fn means_of_rust(done: &Done) -> BTreeSet<String> {
    let rust = prices(done).into_iter().filter(|price| price.python.is_none());
    rust.map(|price| price.means).collect()
}

fn every_means() -> BTreeSet<String> {
    rows().flat_map(|row| row.means).map(|(means, ..)| means.to_string()).collect()
}

#[test]
fn every_means_has_its_price_in_rust_after_the_ceiling_of_the_machine() {
    let done = list().args(["--no-python"]).run().ends(0, None);
    let events = done.events();
    let Some(Event::Start(start)) = events.first() else { panic!("{done}") };
    assert_eq!((start.command.as_str(), start.lesson.as_str()), ("compare", "all"));
    let place = |wanted: fn(&Event) -> bool| events.iter().position(wanted).unwrap();
    let ceiling = |e: &Event| matches!(e, Event::Machine(f) if f.ceiling.is_some());
    assert!(place(ceiling) < place(|e| matches!(e, Event::Price(_))), "{done}");
    assert_eq!(means_of_rust(&done), every_means(), "{done}");
    for price in prices(&done) {
        assert!(price.cost_s > 0.0 && price.python.is_none(), "{price:?}");
    }
    let promised = "fork spawn thread lock atomic queue pipe socketpair shm manager HTTP";
    for means in promised.split(' ').chain(["pool task"]) {
        assert!(means_of_rust(&done).contains(means), "no {means}: {done}");
    }
}

#[test]
fn a_request_by_http_goes_over_one_connection_and_brings_the_file_each_time() {
    let done = list().args(["--no-python"]).run().ends(0, None);
    let runs = done.runs().into_iter();
    let requests: Vec<_> = runs.filter(|run| run.experiment == "request").collect();
    assert_eq!(requests.len(), 1, "{done}");
    assert_eq!((requests[0].expected, requests[0].got), (Some(200), Some(200)), "{done}");
    assert_eq!(done.figure("kept", "connections"), 1, "{done}");
    let price = prices(&done).into_iter().find(|price| price.means == "HTTP").unwrap();
    assert_eq!(price.operation, Operation::Request);
    assert_eq!(price.cost_s, requests[0].time_s.unwrap() / 200.0, "{done}");
}

#[test]
fn a_price_is_the_experiment_s_own_figure_for_one_operation() {
    let done = list().args(["--no-python"]).run().ends(0, None);
    let of = |means: &str| prices(&done).into_iter().find(|p| p.means == means).unwrap();
    let (fork, atomic) = (of("fork"), of("atomic"));
    let children = done.summaries().into_iter().find(|s| s.experiment == "children").unwrap();
    let run = children.variants.iter().find(|v| v.variant == "fork").unwrap();
    assert_eq!(fork.cost_s, run.median_s.unwrap() / 10.0, "{done}");
    let alone_ns = done.figure("atomic", "alone_ns").as_f64().unwrap();
    assert!((atomic.cost_s / (alone_ns * 1e-9) - 1.0).abs() < 1e-9, "{done}");
}

#[test]
fn python_stands_beside_where_there_is_one() {
    let Some(python) = real_python() else {
        return skip("python_stands_beside…", "there is no python3");
    };
    let done = list().args(["--python"]).args([&python]).run().ends(0, None);
    let beside: BTreeSet<String> =
        prices(&done).into_iter().filter_map(|p| p.python.is_some().then_some(p.means)).collect();
    let with_peer = rows().flat_map(|row| row.means).filter(|(_, _, python)| python.is_some());
    let with_peer: BTreeSet<String> = with_peer.map(|(means, ..)| means.to_string()).collect();
    assert_eq!(beside, with_peer, "{done}");
    assert_eq!(means_of_rust(&done), every_means(), "{done}");
    let alone: BTreeSet<String> = every_means().difference(&beside).cloned().collect();
    let native_only = prices(&done).into_iter().filter(|price| price.native_only);
    assert_eq!(native_only.map(|price| price.means).collect::<BTreeSet<_>>(), alone, "{done}");
    assert_eq!(Vec::from_iter(alone), ["atomic"], "all else is there in Python, too");
    for run in done.runs().iter().filter(|run| run.python.is_some()) {
        assert_eq!(run.correct, Some(true), "{run:?}");
    }
    assert_eq!(done.figure("python-kept", "connections"), 1, "{done}");
}

#[test]
fn a_python_that_fails_costs_its_own_prices_and_is_told_once() {
    let broken = "case \"$3\" in -c) echo '{\"version\": \"3.11.2\", \"gil\": true}' ;; \
        *) exit 3 ;; esac";
    let done = list().python(broken).run().ends(0, None);
    assert_eq!(means_of_rust(&done), every_means(), "{done}");
    assert!(prices(&done).iter().all(|price| price.python.is_none()), "{done}");
    let text = Parlab::new().args(["compare", "all", "--runs", "1"]).python(broken).run();
    let told = text.stdout().matches("ended with an error").count();
    assert_eq!(told, 1, "{text}");
}

#[test]
fn on_one_cpu_there_are_prices_too_and_none_of_two() {
    let cpu = parlab::mp::sys::affinity().unwrap()[0];
    let number = cpu.to_string();
    let taskset = ["/usr/bin/taskset", "-c", &number];
    if !succeeds(&[taskset[0], taskset[1], taskset[2], "/bin/true"]) {
        return skip("on_one_cpu…", "there is no taskset(1)");
    }
    let done = list().args(["--no-python"]).under(taskset).run().ends(0, None);
    assert_eq!(means_of_rust(&done), every_means(), "{done}");
    for cpus in prices(&done).into_iter().filter_map(|price| price.cpus) {
        assert!(cpus.iter().all(|pinned| *pinned == cpu), "{done}");
    }
}

#[test]
fn as_text_it_is_a_page_with_the_machine_at_its_head_in_both_languages() {
    for (lang, head, heading) in [
        ("en", "parallel ceiling", "What one operation costs here"),
        ("it", "limite di parallelismo", "Quanto costa qui un'operazione"),
    ] {
        let args = ["compare", "all", "--runs", "1", "--no-python", "--lang", lang];
        let done = Parlab::new().args(args).run();
        let text = done.stdout();
        assert!(text.find(head).unwrap() < text.find(heading).unwrap(), "{done}");
        for means in every_means() {
            assert!(text.contains(&format!("\n  {means} ")), "no {means}: {done}");
        }
        assert!(!text.contains("echo") && !text.contains("IQR"), "more than prices: {done}");
    }
}

#[test]
fn what_the_list_has_no_use_for_is_wrong_use() {
    for wrong in [["--only", "fork"], ["--n", "3"], ["--part", "core"], ["--runs", "0"]] {
        let done = Parlab::new().args(["compare", "all"]).args(wrong).run();
        done.code(2).stdout_is_empty().stderr_has("error");
    }
}

#[test]
fn rows_price_what_there_is_and_no_means_twice() {
    let mut names = BTreeSet::new();
    for lesson in LESSONS {
        for row in lesson.prices {
            let experiment = lesson.experiment(row.experiment).expect(row.experiment);
            for (means, native, python) in row.means {
                assert!(names.insert(*means), "{means} has two prices");
                for variant in [Some(*native), *python].into_iter().flatten() {
                    assert!(experiment.variants.contains(&variant), "{means}: no {variant}");
                    assert!(row.cost != Cost::PerItem || !experiment.racy.contains(&variant));
                }
                assert!(python.is_none_or(|python| python.starts_with("python-")));
            }
            if let Cost::Figure(name) = row.cost {
                assert!(experiment.figures.contains(&name), "{name}");
                assert!(name.ends_with("_ns") || name.ends_with("_s"), "{name} has no unit");
            }
            for opt in parlab::experiments::options::ALL {
                let sets = opt.get(&row.params).is_some();
                assert!(!sets || opt == Opt::Runs || lesson.options.contains(&opt), "{opt:?}");
            }
        }
    }
}
