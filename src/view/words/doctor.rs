//! What a machine offers, and what a lesson lacks on it.

use super::super::format::{SPACE, bytes, count, number, ratio, time};
use crate::event::{
    Ceiling, Clock, Found, Lack, Limit, Machine, NeedKind, Place, Readiness, Tried, Wake,
};
use crate::lesson::doc::Lang;

/// On which CPUs this process may run, and what of their time it is granted.
pub fn affinity(lang: Lang, machine: &Machine) -> String {
    let cpus = ranges(&machine.usable);
    let quota = machine.quota_cpus.map(|quota| number(quota, lang));
    match (lang, quota) {
        (Lang::En, None) => {
            format!("{cpus} by affinity; no quota")
        }
        (Lang::En, Some(quota)) => {
            format!("{cpus} by affinity; the cgroup grants {quota} CPUs' worth of time")
        }
        (Lang::It, None) => format!("{cpus} per affinità; nessuna quota"),
        (Lang::It, Some(quota)) => {
            format!("{cpus} per affinità; il cgroup concede tempo per {quota} CPU")
        }
    }
}

/// `0–3, 8`.
fn ranges(numbers: &[usize]) -> String {
    let mut told: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match told.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => told.push((number, number)),
        }
    }
    let one = |(first, last): &(usize, usize)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}–{last}"),
    };
    told.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Above what was found out.
pub fn found_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "This machine",
        Lang::It => "Questa macchina",
    }
}

/// Above the lessons.
pub fn readiness_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "What the lessons show here",
        Lang::It => "Che cosa mostrano qui le lezioni",
    }
}

/// What was found out, beside what was known from the start: a label and what there is to say,
/// line by line.
pub fn found(lang: Lang, machine: Option<&Machine>, found: &Found) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    rows.extend(machine.map(|machine| (choose(lang, "CPUs", "CPU"), affinity(lang, machine))));
    if let Some(place) = &found.place {
        rows.push((choose(lang, "runs in", "gira in"), surroundings(lang, place)));
    }
    if let Some(of_it) = &found.ceiling {
        rows.push((
            choose(lang, "parallel ceiling", "limite di parallelismo"),
            ceiling(lang, of_it),
        ));
    }
    if let Some(of_it) = &found.clock {
        rows.push((choose(lang, "clock", "orologio"), clock(lang, of_it)));
    }
    if let Some(of_it) = &found.wake {
        rows.push((choose(lang, "a wake-up", "un risveglio"), wake(lang, of_it)));
    }
    if let Some(of_it) = &found.tried {
        rows.extend(tried(lang, of_it));
    }
    if let Some(place) = &found.place {
        rows.push(("/dev/shm", shared_memory(lang, place)));
        rows.push((choose(lang, "memory", "memoria"), memory(lang, place)));
        rows.push((choose(lang, "limits", "limiti"), limits(lang, &place.limits)));
    }
    rows
}

fn choose(lang: Lang, en: &'static str, it: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::It => it,
    }
}

fn surroundings(lang: Lang, place: &Place) -> String {
    let container = place.container.as_deref().map(|name| match (lang, name) {
        (Lang::En, "unknown") => "a container".to_owned(),
        (Lang::It, "unknown") => "un container".to_owned(),
        (Lang::En, name) => format!("a container ({name})"),
        (Lang::It, name) => format!("un container ({name})"),
    });
    let wsl = place.wsl.map(|version| format!("WSL {version}"));
    match (container, wsl) {
        (Some(container), Some(wsl)) => format!("{container}, {wsl}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => choose(
            lang,
            "neither a container nor WSL, by all signs",
            "né un container né WSL, a quanto si vede",
        )
        .to_owned(),
    }
}

/// The parallel ceiling with its spread.
pub fn ceiling(lang: Lang, ceiling: &Ceiling) -> String {
    let Ceiling { processes, factor, q1, median, q3, rounds } = *ceiling;
    if processes == 1 {
        return choose(
            lang,
            "one CPU: there is nothing to win by computing at once",
            "una sola CPU: calcolando insieme non c'è nulla da guadagnare",
        )
        .to_owned();
    }
    let [factor, q1, median, q3] = [factor, q1, median, q3].map(|factor| ratio(factor, lang));
    match lang {
        Lang::En => format!(
            "{factor} the work of one by {processes} processes at once, at best; in {rounds} rounds \
             mostly {q1} to {q3}, median {median}"
        ),
        Lang::It => format!(
            "{factor} il lavoro di uno con {processes} processi insieme, al meglio; in {rounds} giri \
             per lo più da {q1} a {q3}, mediana {median}"
        ),
    }
}

fn clock(lang: Lang, clock: &Clock) -> String {
    let nanoseconds = |ns: f64| time(ns * 1e-9, lang);
    let grain = nanoseconds(clock.grain_ns as f64);
    let reading = nanoseconds(clock.reading_ns);
    let source = clock.source.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
    match lang {
        Lang::En => format!("{source}smallest step seen {grain}, a reading takes {reading}"),
        Lang::It => format!("{source}passo minimo osservato {grain}, una lettura dura {reading}"),
    }
}

fn wake(lang: Lang, wake: &Wake) -> String {
    let same = time(wake.same_cpu_s, lang);
    let two = wake.two_cpus_s.map(|seconds| time(seconds, lang));
    match (lang, two) {
        (Lang::En, Some(two)) => {
            format!("{same} on the same CPU, {two} on another (half a round trip by pipe)")
        }
        (Lang::It, Some(two)) => {
            format!("{same} sulla stessa CPU, {two} su un'altra (metà di un round trip su pipe)")
        }
        (Lang::En, None) => format!("{same} on the same CPU (half a round trip by pipe)"),
        (Lang::It, None) => format!("{same} sulla stessa CPU (metà di un round trip su pipe)"),
    }
}

fn tried(lang: Lang, tried: &Tried) -> Vec<(&'static str, String)> {
    let (wanted, started) = (count(tried.processes_wanted as i64), count(tried.processes as i64));
    let all = tried.processes == tried.processes_wanted;
    let processes = match (lang, all) {
        (Lang::En, true) => format!("{wanted} at once were started: no lesson asks for more"),
        (Lang::It, true) => format!("{wanted} avviati insieme: nessuna lezione ne chiede di più"),
        (Lang::En, false) => format!("only {started} of {wanted} could be started at once"),
        (Lang::It, false) => {
            format!("se ne sono potuti avviare insieme solo {started} su {wanted}")
        }
    };
    let works = |works: bool| match works {
        true => choose(lang, "works", "funziona"),
        false => choose(lang, "does not work", "non funziona"),
    };
    let readable = match tried.proc_syscall {
        true => choose(lang, "may be read", "si può leggere"),
        false => choose(lang, "may not be read", "non si può leggere"),
    };
    let writable = match tried.temporary {
        true => choose(lang, "may be written", "si possono scrivere"),
        false => choose(lang, "may not be written", "non si possono scrivere"),
    };
    vec![
        (choose(lang, "processes", "processi"), processes),
        ("/proc/PID/syscall", readable.to_owned()),
        ("127.0.0.1", works(tried.loopback).to_owned()),
        (choose(lang, "temporary files", "file temporanei"), writable.to_owned()),
    ]
}

fn shared_memory(lang: Lang, place: &Place) -> String {
    let Some(memory) = place.shared_memory else {
        return choose(lang, "there is none", "non c'è").to_owned();
    };
    let [size, free] = [memory.size_bytes, memory.free_bytes].map(|b| bytes(b as f64, lang));
    match (lang, memory.writable) {
        (Lang::En, true) => format!("{size}, {free} of it free"),
        (Lang::It, true) => format!("{size}, di cui liberi {free}"),
        (Lang::En, false) => format!("{size}, which you may not write"),
        (Lang::It, false) => format!("{size}, ma non ci puoi scrivere"),
    }
}

fn memory(lang: Lang, place: &Place) -> String {
    let Some(most) = place.memory_bytes.map(|most| bytes(most as f64, lang)) else {
        return choose(lang, "not limited by a cgroup", "non limitata da un cgroup").to_owned();
    };
    match lang {
        Lang::En => format!("{most} granted by the cgroup"),
        Lang::It => format!("{most} concessi dal cgroup"),
    }
}

fn limits(lang: Lang, limits: &[Limit]) -> String {
    // A name and its number stay on one line.
    let name = |limit: &Limit| limit.name.replace(' ', &SPACE.to_string());
    let one = |limit: &Limit| format!("{}{SPACE}{}", name(limit), count(limit.most as i64));
    let told: Vec<String> = limits.iter().map(one).collect();
    match told.is_empty() {
        true => choose(lang, "none", "nessuno").to_owned(),
        false => told.join(", "),
    }
}

/// Whether a lesson runs, and what it lacks.
pub fn readiness(lang: Lang, readiness: &Readiness) -> String {
    let lacks = readiness.lacks.iter().map(|lack| match lack.parts.is_empty() {
        true => need(lang, lack),
        false => format!("{} ({})", need(lang, lack), lack.parts.join(", ")),
    });
    let lacks = lacks.collect::<Vec<_>>().join(", ");
    match (lang, readiness.runs) {
        (Lang::En, true) if lacks.is_empty() => "✓ all of it".to_owned(),
        (Lang::It, true) if lacks.is_empty() => "✓ tutta".to_owned(),
        (Lang::En, true) => format!("✓ runs, and shows less without {lacks}"),
        (Lang::It, true) => format!("✓ si esegue, ma mostra meno senza {lacks}"),
        (Lang::En, false) => format!("✗ cannot run without {lacks}"),
        (Lang::It, false) => format!("✗ non si può eseguire senza {lacks}"),
    }
}

/// What is needed, as a few words.
fn need(lang: Lang, lack: &Lack) -> String {
    let wanted = count(lack.wanted.unwrap_or(0) as i64);
    match lack.need {
        NeedKind::Experiments => choose(lang, "experiments", "esperimenti").to_owned(),
        NeedKind::Cpus => format!("{wanted}{SPACE}{}", choose(lang, "CPUs", "CPU")),
        NeedKind::Python => "Python".to_owned(),
        NeedKind::Processes => format!("{wanted}{SPACE}{}", choose(lang, "processes", "processi")),
        NeedKind::Descriptors => {
            format!("{wanted}{SPACE}{}", choose(lang, "descriptors", "descrittori"))
        }
        NeedKind::SharedMemory => {
            let wanted = bytes(lack.wanted.unwrap_or(0) as f64, lang);
            format!("{wanted} in /dev/shm")
        }
        NeedKind::ProcSyscall => "/proc/PID/syscall".to_owned(),
        NeedKind::Loopback => "127.0.0.1".to_owned(),
        NeedKind::Temporary | NeedKind::Directory => {
            choose(lang, "temporary files", "file temporanei").to_owned()
        }
    }
}

/// Above what lacks.
pub fn lacks_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Why, and what would help",
        Lang::It => "Perché, e che cosa aiuterebbe",
    }
}

/// Why something that lessons need is not there, and what would help.
pub fn lack(lang: Lang, lack: &Lack) -> String {
    let has = lack.has.unwrap_or(0);
    let words = match lang {
        Lang::En => lack_en(lack.need, has),
        Lang::It => lack_it(lack.need, has),
    };
    format!("{}: {words}", need(lang, lack))
}

fn lack_en(need: NeedKind, has: u64) -> String {
    let there = count(has as i64);
    match need {
        NeedKind::Experiments => "none can be run here, for the reason told above.".into(),
        NeedKind::Cpus => format!(
            "{there} may be used, and what should run in parallel takes turns. Another affinity \
             (`taskset`), or more CPUs for the container, would show it."
        ),
        NeedKind::Python => {
            "none was found, or none was to be used: what Python does is left out. Name one \
             with `--python PATH`."
                .into()
        }
        NeedKind::Processes => format!(
            "{there} could be started at once. Ask a lesson for fewer (`--n`), or raise `ulimit \
             -u`, `ulimit -n` or the container's `pids.max`."
        ),
        NeedKind::Descriptors => {
            format!("{there} may be opened. Raise the limit in this shell (`ulimit -n 1024`).")
        }
        NeedKind::SharedMemory => format!(
            "{} may be written there. Give the container more (`--shm-size`).",
            bytes(has as f64, Lang::En)
        ),
        NeedKind::ProcSyscall => "may not be read: of a process that waits only its state and the \
             kernel's function are told. As root, or with `kernel.yama.ptrace_scope=0`, there is \
             more to see."
            .into(),
        NeedKind::Loopback => {
            "no connection goes through. Set the interface up (`ip link set lo up`).".into()
        }
        NeedKind::Temporary => "the directory may not be written: what Python does is left out. \
             Name another (`TMPDIR=/some/where`)."
            .into(),
        NeedKind::Directory => {
            "the directory may not be written. Name another (`TMPDIR=/some/where`).".into()
        }
    }
}

fn lack_it(need: NeedKind, has: u64) -> String {
    let there = count(has as i64);
    match need {
        NeedKind::Experiments => "qui non se ne può eseguire nessuno, per il motivo detto sopra.".into(),
        NeedKind::Cpus => format!(
            "utilizzabili: {there}; ciò che dovrebbe avvenire in parallelo avviene a turno. Si \
             vedrebbe con un'altra affinità (`taskset`) o con più CPU per il container."
        ),
        NeedKind::Python => "nessuno trovato, o nessuno da usare: ciò che fa Python è escluso. Indicane uno \
             con `--python PERCORSO`."
            .into(),
        NeedKind::Processes => format!(
            "avviati insieme: {there}, non di più. Chiedine meno alla lezione (`--n`), o alza \
             `ulimit -u`, `ulimit -n` o il `pids.max` del container."
        ),
        NeedKind::Descriptors => {
            format!("se ne possono aprire {there}. Alza il limite in questa shell (`ulimit -n 1024`).")
        }
        NeedKind::SharedMemory => format!(
            "vi si possono scrivere {}. Danne di più al container (`--shm-size`).",
            bytes(has as f64, Lang::It)
        ),
        NeedKind::ProcSyscall => "non si può leggere: di un processo in attesa si dicono solo lo \
             stato e la funzione del kernel. Come root, o con `kernel.yama.ptrace_scope=0`, si vede \
             di più."
            .into(),
        NeedKind::Loopback => {
            "nessuna connessione riesce. Attiva l'interfaccia (`ip link set lo up`).".into()
        }
        NeedKind::Temporary => "nella cartella non si può scrivere: ciò che fa Python è escluso. \
             Indicane un'altra (`TMPDIR=/da/qualche/parte`)."
            .into(),
        NeedKind::Directory => {
            "nella cartella non si può scrivere. Indicane un'altra (`TMPDIR=/da/qualche/parte`).".into()
        }
    }
}
