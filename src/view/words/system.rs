//! The words for what lies below an experiment: the machine, Python, processes that wait.

use super::super::format::number;
use crate::event::{Deadlock, Evidence, Machine, Python, Wait};
use crate::lesson::doc::Lang;

/// What the machine offers, in one sentence.
pub fn machine(lang: Lang, machine: &Machine) -> String {
    let Machine { cpus, logical_cpus, arch, kernel, .. } = machine;
    let quota = machine.quota_cpus.map(|quota| match lang {
        Lang::En => format!(", quota {} CPUs", number(quota, lang)),
        Lang::It => format!(", quota {} CPU", number(quota, lang)),
    });
    let load = machine.load_1m.map(|load| match lang {
        Lang::En => format!(", load {}", number(load, lang)),
        Lang::It => format!(", carico {}", number(load, lang)),
    });
    let (quota, load) = (quota.unwrap_or_default(), load.unwrap_or_default());
    match lang {
        Lang::En => {
            format!("{cpus} of {logical_cpus} CPUs usable{quota}{load}, {arch}, Linux {kernel}")
        }
        Lang::It => {
            let usable = if *cpus == 1 { "utilizzabile" } else { "utilizzabili" };
            format!("{cpus} CPU {usable} su {logical_cpus}{quota}{load}, {arch}, Linux {kernel}")
        }
    }
}

/// Which Python runs beside, in one line.
pub fn python(lang: Lang, python: &Python) -> String {
    let version = python.version.as_deref().unwrap_or("?");
    let mut facts: Vec<String> = python.path.iter().cloned().collect();
    facts.extend(python.gil.map(|on| gil(lang, on).to_owned()));
    format!("Python {version} ({})", facts.join(", "))
}

fn gil(lang: Lang, on: bool) -> &'static str {
    match (lang, on) {
        (Lang::En, true) => "GIL on",
        (Lang::En, false) => "no GIL",
        (Lang::It, true) => "con GIL",
        (Lang::It, false) => "senza GIL",
    }
}

/// By which start methods Python made its processes.
pub fn start_method(lang: Lang, methods: &str) -> String {
    match lang {
        Lang::En => format!("Start method of Python's processes: {methods}"),
        Lang::It => format!("Metodo di avvio dei processi di Python: {methods}"),
    }
}

/// Above the processes of a deadlock.
pub fn deadlock_heading(lang: Lang, deadlock: &Deadlock) -> String {
    let variant = &deadlock.variant;
    // One alone can be stuck, too: behind something that it holds itself.
    let alone = deadlock.waits.len() == 1;
    match (lang, alone) {
        (Lang::En, false) => {
            format!("Deadlock in {variant}: each waits for another, and nobody goes on")
        }
        (Lang::En, true) => format!("Deadlock in {variant}: it waits for what it holds itself"),
        (Lang::It, false) => {
            format!("Deadlock in {variant}: ciascuno aspetta un altro, e nessuno va avanti")
        }
        (Lang::It, true) => format!("Deadlock in {variant}: aspetta ciò che tiene esso stesso"),
    }
}

/// Where the evidence comes from. What a call waits on is not always an address.
pub fn evidence(lang: Lang, deadlock: &Deadlock) -> &'static str {
    let alone = deadlock.waits.len() == 1;
    let on_addresses = deadlock.waits.iter().all(|wait| wait.address.is_some());
    match (lang, deadlock.evidence) {
        (Lang::En, Evidence::Syscall) if alone && !on_addresses => {
            "Found, not timed out: at a second look it was still in the same call, with the same \
             argument (/proc/PID/syscall)."
        }
        (Lang::It, Evidence::Syscall) if alone && !on_addresses => {
            "Osservato, non dedotto da un timeout: al secondo sguardo era ancora nella stessa \
             chiamata, con lo stesso argomento (/proc/PID/syscall)."
        }
        (Lang::En, Evidence::Syscall) if on_addresses => {
            "Found, not timed out: at a second look each was still in the same call on the same \
             address (/proc/PID/syscall)."
        }
        (Lang::En, Evidence::Syscall) => {
            "Found, not timed out: at a second look each was still in the same call with the same \
             argument (/proc/PID/syscall)."
        }
        (Lang::It, Evidence::Syscall) if on_addresses => {
            "Osservato, non dedotto da un timeout: al secondo sguardo ciascuno era ancora nella \
             stessa chiamata, sullo stesso indirizzo (/proc/PID/syscall)."
        }
        (Lang::It, Evidence::Syscall) => {
            "Osservato, non dedotto da un timeout: al secondo sguardo ciascuno era ancora nella \
             stessa chiamata, con lo stesso argomento (/proc/PID/syscall)."
        }
        (Lang::En, Evidence::Wchan) => {
            "Found, not timed out: at a second look each still slept in the same function of the \
             kernel (/proc/PID/wchan)."
        }
        (Lang::It, Evidence::Wchan) => {
            "Osservato, non dedotto da un timeout: al secondo sguardo ciascuno dormiva ancora \
             nella stessa funzione del kernel (/proc/PID/wchan)."
        }
    }
}

/// What one process of a deadlock does.
pub fn waits(lang: Lang, wait: &Wait) -> String {
    let Wait { process, pid, state, .. } = wait;
    let call = wait.call.as_ref().map(|call| format!("in {call}"));
    let address = wait.address.as_ref().map(|address| match lang {
        Lang::En => format!("on {address}"),
        Lang::It => format!("su {address}"),
    });
    let place: Vec<String> = [call, address].into_iter().flatten().collect();
    let place = if place.is_empty() { String::new() } else { format!(" {}", place.join(" ")) };
    let what = match (lang, &wait.resource, &wait.holder) {
        (_, None, None) => String::new(),
        (Lang::En, Some(what), None) => format!(", for {what}"),
        (Lang::It, Some(what), None) => format!(", aspetta {what}"),
        (Lang::En, Some(what), Some(who)) => format!(", for {what}, held by {who}"),
        (Lang::It, Some(what), Some(who)) => format!(", aspetta {what}, tenuto da {who}"),
        (Lang::En, None, Some(who)) => format!(", for {who}"),
        (Lang::It, None, Some(who)) => format!(", aspetta {who}"),
    };
    match lang {
        Lang::En => format!("{process} (pid {pid}, state {state}) waits{place}{what}"),
        Lang::It => format!("{process} (pid {pid}, stato {state}) è fermo{place}{what}"),
    }
}

/// The title of an experiment in a comparison.
pub fn experiment_heading(lang: Lang, experiment: &str, most_runs: u32) -> String {
    match (lang, most_runs) {
        (_, 0) => experiment.to_owned(),
        (Lang::En, 1) => format!("{experiment}, one run of each variant"),
        (Lang::It, 1) => format!("{experiment}, un'esecuzione per variante"),
        (Lang::En, n) => format!("{experiment}, {n} runs of each variant"),
        (Lang::It, n) => format!("{experiment}, {n} esecuzioni per variante"),
    }
}
