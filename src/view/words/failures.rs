//! What went wrong: what was tried, what happened, what to do next.

use super::super::format;
use super::{crowd, game};
use crate::event::{Doing, EndReason, Error, ErrorKind, NoteKind, PythonFault, What};
use crate::lesson::doc::Lang;

/// A failure in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was tried and what happened, with what the system said about it.
    pub happened: String,
    /// What to do next.
    pub next: &'static str,
}

/// The words for an error event.
pub fn failure(lang: Lang, error: &Error) -> Failure {
    let (happened, next) = match lang {
        Lang::En => (happened_en(error.kind), next_en(error.kind)),
        Lang::It => (happened_it(error.kind), next_it(error.kind)),
    };
    if let Some(wanted) = error.wanted {
        return crowd::failure(lang, error, wanted);
    }
    if let (Some(refused), Some(step)) = (&error.refused, error.step) {
        return game::misstep(lang, error, refused, step);
    }
    let said: Vec<&str> =
        [&error.what, &error.detail].into_iter().flatten().map(String::as_str).collect();
    let happened = match said[..] {
        [] => format!("{happened}."),
        _ => format!("{happened} ({}).", said.join(": ")),
    };
    Failure { happened, next }
}

fn happened_en(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NoProc => "cannot start without /proc, which is not there or cannot be read",
        ErrorKind::RunnerNotStarted => {
            "cannot start the runner, the process that watches over experiments"
        }
        ErrorKind::RunnerLost => "the runner, which watches over experiments, ended without a word",
        ErrorKind::ExperimentKilled => "a signal that parlab did not send ended the experiment",
        ErrorKind::WorkerKilled => {
            "a signal that parlab did not send ended a process of the experiment"
        }
        ErrorKind::Panic => "the experiment panicked: this is a fault of parlab's",
        ErrorKind::ProcessLimit => "cannot create a process: no more are allowed",
        ErrorKind::DescriptorLimit => "cannot open a file: no more may be open",
        ErrorKind::OutOfMemory => "cannot get memory: none is left",
        ErrorKind::System => "a call of the operating system failed",
        ErrorKind::Output => "cannot write the output",
        ErrorKind::TimeLimit => "the experiment was not done when its time was up",
        ErrorKind::TooLong => {
            "the computing and sleeping that was asked for takes longer than --seconds-limit allows"
        }
        ErrorKind::LessonFile => "cannot use the lesson file",
        ErrorKind::NothingRan => "nothing of what was asked for can run here",
        ErrorKind::Address => "a server cannot listen there",
        ErrorKind::Key => "cannot use the key",
        ErrorKind::NoServer => "the server cannot be used",
        ErrorKind::NotFetched => "not every file could be fetched",
        ErrorKind::NoLoopback => "this machine does not reach itself over the loopback",
        ErrorKind::Scratch => "cannot write to the temporary directory",
        ErrorKind::Target => "cannot keep files in this directory",
        ErrorKind::AddressList => "cannot use this list of addresses",
        ErrorKind::UnknownPart => "the lesson has no such part",
        ErrorKind::UnknownVariant => "no experiment that would run has this variant",
        ErrorKind::TooManySchedules => "so large a program has too many schedules",
        ErrorKind::BadSchedule => "the schedule has a step that cannot be taken",
        ErrorKind::ShortSchedule => "the schedule is too short: these can still go on",
        ErrorKind::Differs => {
            "what was counted and what real processes did are not the same (counted / ran)"
        }
        ErrorKind::UnusedOption => "no experiment that would run uses this option",
        ErrorKind::AlreadyThere => "cannot make what is there already",
        ErrorKind::NotWritten => "cannot write to this folder",
        ErrorKind::FileExists => "the file to write is there already",
    }
}

fn next_en(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NoProc => {
            "Mount it (`mount -t proc proc /proc`), or start the container without hiding /proc."
        }
        ErrorKind::RunnerNotStarted => {
            "parlab starts itself again from its own file: check that the file is still where it \
             was and may be executed there (no `noexec` mount)."
        }
        ErrorKind::RunnerLost => {
            "Something outside ended it, often for want of memory (`dmesg` tells). Run the \
             command again; `-v` shows what the runner does."
        }
        ErrorKind::ExperimentKilled => {
            "See who sent it (for want of memory the kernel does: `dmesg` tells), then run the \
             command again with `-v`."
        }
        ErrorKind::WorkerKilled => {
            "See who sent it (for want of memory the kernel does: `dmesg` tells), then run the command again."
        }
        ErrorKind::Panic => {
            "Run it again with `-v` and report what it prints, with the version of parlab and of \
             the kernel."
        }
        ErrorKind::ProcessLimit => {
            "End some programs, raise `ulimit -u`, or give the container a greater limit of \
             processes (`pids.max`)."
        }
        ErrorKind::DescriptorLimit => {
            "Raise the limit in this shell (`ulimit -n 1024`) and run the command again."
        }
        ErrorKind::OutOfMemory => {
            "Ask for less (`--n`, `--iterations`, `--runs`), end some programs, or raise `ulimit -v` or \
             the container's limit of memory."
        }
        ErrorKind::System => {
            "Where a permission is missing, a container or sandbox may forbid the call; run the \
             command again with `-v` to see how far it came."
        }
        ErrorKind::Output => {
            "Check that the disk has room and that the file or terminal is still there."
        }
        ErrorKind::TimeLimit => {
            "Give it more time (`--seconds-limit`) or less to do (`--n`, `--runs`, `--iterations`, \
             `--only`; `explore`: `--ops`, `--most`, `--free-runs`)."
        }
        ErrorKind::TooLong => {
            "Ask for less (`--work`, `--wait`, `--n`, `--runs`), or allow more time \
             (`--seconds-limit`)."
        }
        ErrorKind::LessonFile => {
            "Correct the file, or give the path of another: one that ends in `.md`, or a folder with `en.md` or `it.md`."
        }
        ErrorKind::NothingRan => {
            "Leave out `--only`, or take away what hinders it: `parlab compare lock` alone runs all it can."
        }
        ErrorKind::Address => {
            "Choose another address; for a socket in the file system, a shorter directory (TMPDIR)."
        }
        ErrorKind::Key => {
            "Make one: `(umask 077; head -c 32 /dev/urandom | base64 > key)`; both sides need the same."
        }
        ErrorKind::NoServer => {
            "Check that the other side runs, and that address and key are the same on both sides."
        }
        ErrorKind::NotFetched => {
            "Above stands for each file what happened and what to do; those that were fetched are whole."
        }
        ErrorKind::NoLoopback => {
            "Bring the loopback up (`ip link set lo up`), or allow this program to use the network."
        }
        ErrorKind::Scratch => {
            "Make room on its disk, or name a directory that has some and that you may write to: `TMPDIR=/some/where parlab …`."
        }
        ErrorKind::Target => {
            "Give `--to` a directory that is there and that you may write to. Nothing was fetched."
        }
        ErrorKind::AddressList => {
            "Give `--urls` a text file with an address on each line; blank lines and lines that begin with `#` do not count."
        }
        ErrorKind::UnknownPart => "Give one of its parts, `core`, or `all`.",
        ErrorKind::UnknownVariant => "Give `--only` one of the variants that would run.",
        ErrorKind::TooManySchedules => {
            "At most 9 007 199 254 740 992 (2^53) are told exactly in JSON: ask for fewer `--ops`. Of \
             more than `--most` a fair sample is run."
        }
        ErrorKind::BadSchedule => "Leave the step out, or let another process take one first.",
        ErrorKind::ShortSchedule => {
            "Add steps until all have ended or nobody can go on; at a terminal you can go on by \
             hand. Nothing was started."
        }
        ErrorKind::Differs => {
            "One of the two is wrong, and so nothing of it was told: please report it with this \
             line and what `parlab doctor` says."
        }
        ErrorKind::UnusedOption => "Ask for the part that uses it, or leave the option out.",
        ErrorKind::AlreadyThere => "Choose another name, or move away what is there.",
        ErrorKind::NotWritten => {
            "Give a folder that you may write to, on a disk with room. Nothing was left half written."
        }
        ErrorKind::FileExists => {
            "Give `--export` another name, or replace the file with `--force`."
        }
    }
}

fn happened_it(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NoProc => "impossibile partire senza /proc, che non c'è o non si può leggere",
        ErrorKind::RunnerNotStarted => {
            "impossibile avviare il runner, il processo che sorveglia gli esperimenti"
        }
        ErrorKind::RunnerLost => {
            "il runner, che sorveglia gli esperimenti, è terminato senza dire nulla"
        }
        ErrorKind::ExperimentKilled => {
            "un segnale che parlab non ha mandato ha terminato l'esperimento"
        }
        ErrorKind::WorkerKilled => {
            "un segnale che parlab non ha mandato ha terminato un processo dell'esperimento"
        }
        ErrorKind::Panic => "l'esperimento è andato in panico: è un difetto di parlab",
        ErrorKind::ProcessLimit => "impossibile creare un processo: non ne sono permessi altri",
        ErrorKind::DescriptorLimit => "impossibile aprire un file: non se ne possono aprire altri",
        ErrorKind::OutOfMemory => "impossibile ottenere memoria: non ce n'è più",
        ErrorKind::System => "una chiamata al sistema operativo è fallita",
        ErrorKind::Output => "impossibile scrivere i risultati",
        ErrorKind::TimeLimit => "allo scadere del tempo l'esperimento non era terminato",
        ErrorKind::TooLong => {
            "il calcolo e le attese richiesti durano più di quanto --seconds-limit permette"
        }
        ErrorKind::LessonFile => "impossibile usare il file della lezione",
        ErrorKind::NothingRan => "niente di ciò che hai chiesto può essere eseguito qui",
        ErrorKind::Address => "lì un server non può mettersi in ascolto",
        ErrorKind::Key => "impossibile usare la chiave",
        ErrorKind::NoServer => "impossibile usare il server",
        ErrorKind::NotFetched => "non è stato possibile scaricare tutti i file",
        ErrorKind::NoLoopback => "questa macchina non raggiunge sé stessa attraverso il loopback",
        ErrorKind::Scratch => "impossibile scrivere nella cartella temporanea",
        ErrorKind::Target => "impossibile conservare file in questa cartella",
        ErrorKind::AddressList => "impossibile usare questo elenco di indirizzi",
        ErrorKind::UnknownPart => "la lezione non ha questa parte",
        ErrorKind::UnknownVariant => "nessun esperimento da eseguire ha questa variante",
        ErrorKind::TooManySchedules => "un programma così grande ha troppi ordini di esecuzione",
        ErrorKind::BadSchedule => "l'ordine ha un passo che non si può fare",
        ErrorKind::ShortSchedule => "l'ordine è troppo corto: questi possono ancora proseguire",
        ErrorKind::Differs => {
            "il conteggio e ciò che hanno fatto i processi veri non coincidono (contato / eseguito)"
        }
        ErrorKind::UnusedOption => "nessun esperimento da eseguire usa questa opzione",
        ErrorKind::AlreadyThere => "esiste già ciò che si doveva creare",
        ErrorKind::NotWritten => "non si può scrivere in questa cartella",
        ErrorKind::FileExists => "il file da scrivere esiste già",
    }
}

fn next_it(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NoProc => {
            "Montalo (`mount -t proc proc /proc`), oppure avvia il container senza nascondere /proc."
        }
        ErrorKind::RunnerNotStarted => {
            "parlab riavvia sé stesso dal proprio file: controlla che il file sia ancora dov'era \
             e che lì si possa eseguire (nessun mount `noexec`)."
        }
        ErrorKind::RunnerLost => {
            "Qualcosa di esterno lo ha terminato, spesso perché mancava memoria (lo dice \
             `dmesg`). Ripeti il comando; `-v` mostra che cosa fa il runner."
        }
        ErrorKind::ExperimentKilled => {
            "Scopri chi l'ha inviato (se manca memoria è il kernel: lo dice `dmesg`), poi ripeti \
             il comando con `-v`."
        }
        ErrorKind::WorkerKilled => {
            "Scopri chi l'ha inviato (se manca memoria è il kernel: lo dice `dmesg`), poi ripeti il comando."
        }
        ErrorKind::Panic => {
            "Ripeti il comando con `-v` e segnala ciò che stampa, con la versione di parlab e \
             del kernel."
        }
        ErrorKind::ProcessLimit => {
            "Chiudi qualche programma, alza `ulimit -u`, o dai al container un limite di processi \
             più alto (`pids.max`)."
        }
        ErrorKind::DescriptorLimit => {
            "Alza il limite in questa shell (`ulimit -n 1024`) e ripeti il comando."
        }
        ErrorKind::OutOfMemory => {
            "Chiedi meno (`--n`, `--iterations`, `--runs`), chiudi qualche programma, o alza `ulimit -v` \
             o il limite di memoria del container."
        }
        ErrorKind::System => {
            "Se manca un permesso, può essere un container o una sandbox a vietare la chiamata; \
             ripeti il comando con `-v` per vedere fin dove arriva."
        }
        ErrorKind::Output => {
            "Controlla che sul disco ci sia spazio e che il file o il terminale ci sia ancora."
        }
        ErrorKind::TimeLimit => {
            "Dagli più tempo (`--seconds-limit`) o meno lavoro (`--n`, `--runs`, `--iterations`, \
             `--only`; `explore`: `--ops`, `--most`, `--free-runs`)."
        }
        ErrorKind::TooLong => {
            "Chiedi meno (`--work`, `--wait`, `--n`, `--runs`), o concedi più tempo \
             (`--seconds-limit`)."
        }
        ErrorKind::LessonFile => {
            "Correggi il file, o indicane un altro: uno che finisce in `.md`, o una cartella con `en.md` o `it.md`."
        }
        ErrorKind::NothingRan => {
            "Togli `--only`, o ciò che lo impedisce: `parlab compare lock` da solo esegue tutto ciò che può."
        }
        ErrorKind::Address => {
            "Scegli un altro indirizzo; per un socket nel file system, una cartella più corta (TMPDIR)."
        }
        ErrorKind::Key => {
            "Creane una: `(umask 077; head -c 32 /dev/urandom | base64 > key)`; serve la stessa alle due parti."
        }
        ErrorKind::NoServer => {
            "Controlla che l'altra parte sia in esecuzione e che indirizzo e chiave siano gli stessi."
        }
        ErrorKind::NotFetched => {
            "Sopra trovi, per ogni file, che cosa è successo e che cosa fare; quelli scaricati sono interi."
        }
        ErrorKind::NoLoopback => {
            "Attiva il loopback (`ip link set lo up`), oppure permetti a questo programma di usare la rete."
        }
        ErrorKind::Scratch => {
            "Libera spazio sul suo disco, o indica una cartella che ne ha e in cui puoi scrivere: `TMPDIR=/da/qualche/parte parlab …`."
        }
        ErrorKind::Target => {
            "Indica a `--to` una cartella che esiste e in cui puoi scrivere. Non è stato scaricato nulla."
        }
        ErrorKind::AddressList => {
            "Indica a `--urls` un file di testo con un indirizzo per riga; le righe vuote e quelle che cominciano con `#` non contano."
        }
        ErrorKind::UnknownPart => "Indica una delle sue parti, oppure `core` o `all`.",
        ErrorKind::UnknownVariant => "Indica a `--only` una delle varianti da eseguire.",
        ErrorKind::TooManySchedules => {
            "In JSON sono esatti al massimo 9 007 199 254 740 992 (2^53): riduci `--ops`. Se sono più \
             di `--most`, se ne esegue un campione estratto a caso."
        }
        ErrorKind::BadSchedule => {
            "Togli il passo, oppure fanne fare prima uno a un altro processo."
        }
        ErrorKind::ShortSchedule => {
            "Aggiungi passi finché tutti sono terminati o nessuno può proseguire; in un terminale \
             puoi continuare a mano. Non è stato avviato nulla."
        }
        ErrorKind::Differs => {
            "Uno dei due è sbagliato, perciò non ne è stato riferito nulla: segnalalo con questa riga \
             e con ciò che dice `parlab doctor`."
        }
        ErrorKind::UnusedOption => "Chiedi la parte che la usa, oppure togli l'opzione.",
        ErrorKind::AlreadyThere => "Scegli un altro nome, oppure sposta ciò che c'è.",
        ErrorKind::NotWritten => {
            "Indica una cartella in cui puoi scrivere, su un disco che ha spazio. Nulla è rimasto \
             scritto a metà."
        }
        ErrorKind::FileExists => {
            "Indica a `--export` un altro nome, oppure sostituisci il file con `--force`."
        }
    }
}

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
pub fn note(lang: Lang, kind: NoteKind) -> &'static str {
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
            "In no run of one variant were both in their loops at the same time: its outcomes \
             prove nothing about a race. Try more steps (`--iterations`) or a machine with more \
             CPUs to spare."
        }
        (Lang::It, NoteKind::NoOverlap) => {
            "In nessuna esecuzione di una variante i due erano nel proprio ciclo nello stesso \
             momento: i suoi risultati non provano nulla su una corsa critica. Prova con più passi \
             (`--iterations`) o su una macchina con più CPU libere."
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
