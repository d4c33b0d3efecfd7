//! What is said beside the results: why a Python is left out, what to know before believing a
//! figure, why a command ended early, what the runner does.

use super::super::format;
use crate::event::{Doing, EndReason, Note, NoteKind, PythonFault, What};
use crate::lesson::doc::Lang;

/// Why Python does not run beside the Rust variants, and what would help.
pub fn python_fault(lang: Lang, fault: PythonFault) -> &'static str {
    match (lang, fault) {
        (Lang::En, PythonFault::NotFound) => {
            "no python3 on the PATH; only Rust runs (name one with `--python PATH`)"
        }
        (Lang::It, PythonFault::NotFound) => {
            "nessun python3 nel PATH; viene eseguito solo Rust (indicane uno con `--python PERCORSO`)"
        }
        (Lang::En, PythonFault::NotStarted) => {
            "could not be started; its variants are left out (check the path and its permissions)"
        }
        (Lang::It, PythonFault::NotStarted) => {
            "non si avvia; le sue varianti sono escluse (controlla il percorso e i permessi)"
        }
        (Lang::En, PythonFault::NotPython) => {
            "does not answer as a Python 3 does; its variants are left out (name another with \
             `--python PATH`)"
        }
        (Lang::It, PythonFault::NotPython) => {
            "non risponde come un Python 3; le sue varianti sono escluse (indicane un altro con \
             `--python PERCORSO`)"
        }
        (Lang::En, PythonFault::WrongVersion) => {
            "is not a Python that the lessons run on (3.6 or later); its variants are left out"
        }
        (Lang::It, PythonFault::WrongVersion) => {
            "non è un Python adatto alle lezioni (serve il 3.6 o uno successivo); le sue varianti sono \
             escluse"
        }
        (Lang::En, PythonFault::NoScratch) => {
            "has nothing to run: its program could not be written to the temporary directory; its \
             variants are left out (name a directory that you may write to: `TMPDIR=/some/where`)"
        }
        (Lang::It, PythonFault::NoScratch) => {
            "non ha nulla da eseguire: il suo programma non si può scrivere nella cartella \
             temporanea; le sue varianti sono escluse (indicane una in cui puoi scrivere: \
             `TMPDIR=/da/qualche/parte`)"
        }
        (Lang::En, PythonFault::Failed) => "ended with an error; its remaining runs are left out",
        (Lang::It, PythonFault::Failed) => {
            "è terminato con un errore; le esecuzioni che restavano sono escluse"
        }
        (Lang::En, PythonFault::Hung) => {
            "did not end in time and was stopped; its remaining runs are left out"
        }
        (Lang::It, PythonFault::Hung) => {
            "non è terminato in tempo ed è stato fermato; le esecuzioni che restavano sono escluse"
        }
    }
}

/// That a Python ended with an error before it had run anything, as a version manager's stand-in
/// for one that is not installed does.
pub fn python_silent(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "ended with an error when asked which Python it is; its variants are left out",
        Lang::It => {
            "è terminato con un errore quando gli è stata chiesta la versione; le sue varianti sono \
             escluse"
        }
    }
}

/// The same of many.
pub fn pythons_silent(lang: Lang, paths: &str) -> String {
    match lang {
        Lang::En => {
            format!(
                "Left out, as they ended with an error when asked which Python they are: {paths}"
            )
        }
        Lang::It => format!(
            "Esclusi, perché sono terminati con un errore quando è stata chiesta la versione: {paths}"
        ),
    }
}

/// What the reader should know before believing a figure, with its remedy where there is one.
pub fn note(lang: Lang, note: &Note) -> String {
    let words = note_of_all(lang, note.kind);
    match &note.variant {
        Some(variant) if note.kind == NoteKind::NoOverlap => format!("{variant}: {words}"),
        _ => words.to_owned(),
    }
}

fn note_of_all(lang: Lang, kind: NoteKind) -> &'static str {
    match (lang, kind) {
        (Lang::En, NoteKind::OneCpuWidened) => {
            "Only one CPU may be used here, and on one CPU a race hardly ever shows. So in Rust each \
             of the two gives way now and then between reading and writing: the race is real, its \
             frequency is not. With two CPUs this is not needed."
        }
        (Lang::It, NoteKind::OneCpuWidened) => {
            "Qui si può usare una sola CPU, e su una sola CPU una corsa critica non si vede quasi \
             mai. Perciò in Rust ogni tanto ciascuno dei due cede la CPU tra la lettura e la \
             scrittura: la corsa critica è vera, la sua frequenza no. Con due CPU non serve."
        }
        (Lang::En, NoteKind::OneCpuParted) => {
            "Only one CPU may be used here, and a child that has it hardly ever loses it between \
             two writes. So each gives it up there: lines really are glued, but by themselves they \
             would be more seldom. With two CPUs this is not needed."
        }
        (Lang::It, NoteKind::OneCpuParted) => {
            "Qui si può usare una sola CPU, e un figlio che ce l'ha non la perde quasi mai tra due \
             scritture. Perciò lì ciascuno la cede: le righe si incollano davvero, ma da sole lo \
             farebbero più di rado. Con due CPU non serve."
        }
        (Lang::En, NoteKind::NoOverlap) => {
            "in no run were both in their loops at the same time: its outcomes prove nothing about \
             a race. Try more steps (`--iterations`) or a machine with more CPUs to spare."
        }
        (Lang::It, NoteKind::NoOverlap) => {
            "in nessuna esecuzione i due erano nel proprio ciclo nello stesso momento: i suoi \
             risultati non provano nulla su una corsa critica. Prova con più passi (`--iterations`) \
             o su una macchina con più CPU libere."
        }
        (Lang::En, NoteKind::SmallTerminal) => {
            "This terminal is too small to take it over (40 columns and 12 rows are needed, 60 \
             columns for three processes), so the game goes on in lines: type letters, then Enter."
        }
        (Lang::It, NoteKind::SmallTerminal) => {
            "Questo terminale è troppo piccolo per usarlo a tutto schermo (servono 40 colonne e 12 \
             righe, 60 colonne per tre processi): il gioco va avanti a righe. Scrivi delle lettere, \
             poi Invio."
        }
        (Lang::En, NoteKind::OneLanguage) => {
            "The page is kept in one language: the lesson's other text has faults, or not the same \
             blocks. `parlab check` on its folder names them."
        }
        (Lang::It, NoteKind::OneLanguage) => {
            "La pagina viene salvata in una sola lingua: l'altro testo della lezione ha errori, o \
             non ha gli stessi blocchi. `parlab check` sulla sua cartella li elenca."
        }
        (Lang::En, NoteKind::SyscallHidden) => {
            "/proc/PID/syscall may not be read here: call and address of a waiting process are \
             not known, its state and kernel function are. As root, or with \
             `kernel.yama.ptrace_scope=0`, there is more to see."
        }
        (Lang::It, NoteKind::SyscallHidden) => {
            "Qui /proc/PID/syscall non si può leggere: di un processo in attesa non si conoscono \
             chiamata e indirizzo, ma solo stato e funzione del kernel. Come root, o con \
             `kernel.yama.ptrace_scope=0`, si vede di più."
        }
    }
}

/// Why the command ended early.
pub fn end_reason(lang: Lang, reason: EndReason) -> &'static str {
    match (lang, reason) {
        (Lang::En, EndReason::Failed) => {
            "stopped by a failure; above stands what was measured until then"
        }
        (Lang::It, EndReason::Failed) => {
            "fermato da un errore; sopra c'è quanto è stato misurato fin lì"
        }
        (Lang::En, EndReason::TimeLimit) => {
            "stopped by --seconds-limit; above stands what was measured until then"
        }
        (Lang::It, EndReason::TimeLimit) => {
            "fermato da --seconds-limit; sopra c'è quanto è stato misurato fin lì"
        }
        (Lang::En, EndReason::Interrupted) => "interrupted; every process it started has ended",
        (Lang::It, EndReason::Interrupted) => "interrotto; tutti i processi avviati sono terminati",
        (Lang::En, EndReason::Terminated) => "terminated; every process it started has ended",
        (Lang::It, EndReason::Terminated) => {
            "terminato da un segnale; tutti i processi avviati sono terminati"
        }
    }
}

/// What the runner does, one line.
pub fn doing(lang: Lang, doing: &Doing) -> String {
    let what = match (lang, doing.what) {
        (Lang::En, What::Started) => "the runner runs",
        (Lang::It, What::Started) => "il runner è attivo",
        (Lang::En, What::Forked) => "forked the experiment",
        (Lang::It, What::Forked) => "ha creato l'esperimento con fork",
        (Lang::En, What::Ended) => "the experiment ended",
        (Lang::It, What::Ended) => "l'esperimento è terminato",
        (Lang::En, What::Terminating) => "asks the experiment's processes to end",
        (Lang::It, What::Terminating) => "chiede ai processi dell'esperimento di terminare",
        (Lang::En, What::Killing) => "kills the processes that did not end",
        (Lang::It, What::Killing) => "uccide i processi che non sono terminati",
        (Lang::En, What::Reaped) => "waited for a process",
        (Lang::It, What::Reaped) => "ha atteso la fine di un processo",
        (Lang::En, What::Cleaned) => "removed its directory and its names in /dev/shm",
        (Lang::It, What::Cleaned) => "ha rimosso la sua cartella e i suoi nomi in /dev/shm",
    };
    let pid = doing.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
    let code = doing.exitcode.map(|code| format!(", exitcode {code}")).unwrap_or_default();
    format!("[{}] {what}{pid}{code}", format::time(doing.time_s, lang))
}
