//! What went wrong: what was tried, what happened, what to do next.

use super::{crowd, game};
use crate::event::{Error, ErrorKind};
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
        ErrorKind::RecordUnreadable => "cannot read what you did in the course",
        ErrorKind::RecordNewer => "what you did in the course was kept by a later parlab",
        ErrorKind::RecordNotKept => "cannot keep what you do in the course",
        ErrorKind::RecordNoPlace => {
            "what you do in the course is not kept: neither XDG_STATE_HOME nor HOME names a folder \
             by its whole path"
        }
        ErrorKind::RecordNotForgotten => "cannot remove what was kept of the course",
        ErrorKind::Recording => "cannot draw from this file",
        ErrorKind::NoTimes => {
            "there is no trace to keep: nothing that this runs tells when things happened"
        }
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
            "Check that the disk has room, that the folder is there and you may write in it, and that the terminal is still there."
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
        ErrorKind::RecordUnreadable => {
            "Lessons run all the same. To begin anew: `parlab course --forget`."
        }
        ErrorKind::RecordNewer => {
            "Lessons run all the same. Go on with that parlab, or begin anew: `parlab course --forget`."
        }
        ErrorKind::RecordNotKept => {
            "Lessons run all the same. Make room there, or name a folder in which you may write: \
             `XDG_STATE_HOME=/some/where parlab`."
        }
        ErrorKind::RecordNoPlace => {
            "Lessons run all the same. To keep it: `XDG_STATE_HOME=/some/where parlab`."
        }
        ErrorKind::RecordNotForgotten => "Remove what stands there by hand.",
        ErrorKind::Recording => {
            "Give files that `--export FILE.json` wrote, or a run with `--json` that went to its end; each run once."
        }
        ErrorKind::NoTimes => {
            "The lessons that do are named above. Or give another ending: .html, .md or .json. No file \
             was written."
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
        ErrorKind::RecordUnreadable => "impossibile leggere ciò che hai fatto nel corso",
        ErrorKind::RecordNewer => {
            "ciò che hai fatto nel corso è stato salvato da una versione successiva di parlab"
        }
        ErrorKind::RecordNotKept => "impossibile salvare ciò che fai nel corso",
        ErrorKind::RecordNoPlace => {
            "ciò che fai nel corso non viene salvato: né XDG_STATE_HOME né HOME indicano una \
             cartella con il suo percorso completo"
        }
        ErrorKind::RecordNotForgotten => "impossibile eliminare ciò che è stato salvato del corso",
        ErrorKind::Recording => "impossibile ricavare qualcosa da questo file",
        ErrorKind::NoTimes => {
            "non c'è una traccia da salvare: niente di ciò che si esegue qui registra quando le \
             cose sono successe"
        }
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
            "Controlla che sul disco ci sia spazio, che la cartella esista e che tu possa scriverci, e che il terminale ci sia ancora."
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
        ErrorKind::RecordUnreadable => {
            "Le lezioni funzionano lo stesso. Per ricominciare: `parlab course --forget`."
        }
        ErrorKind::RecordNewer => {
            "Le lezioni funzionano lo stesso. Continua con quella versione, oppure ricomincia da capo: \
             `parlab course --forget`."
        }
        ErrorKind::RecordNotKept => {
            "Le lezioni funzionano lo stesso. Libera spazio, o indica una cartella in cui puoi \
             scrivere: `XDG_STATE_HOME=/da/qualche/parte parlab`."
        }
        ErrorKind::RecordNoPlace => {
            "Le lezioni funzionano lo stesso. Per salvarlo: `XDG_STATE_HOME=/da/qualche/parte parlab`."
        }
        ErrorKind::RecordNotForgotten => "Elimina a mano ciò che si trova lì.",
        ErrorKind::Recording => {
            "Indica file scritti da `--export FILE.json`, o da un'esecuzione con `--json` arrivata alla fine; ogni esecuzione una volta sola."
        }
        ErrorKind::NoTimes => {
            "Lo fanno le lezioni elencate qui sopra. Oppure scegli un'altra estensione: .html, .md o \
             .json. Nessun file è stato scritto."
        }
    }
}
