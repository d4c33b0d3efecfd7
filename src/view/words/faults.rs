//! What can be wrong with a lesson file, and the words of `check`.

use crate::lesson::doc::Lang;
use crate::lesson::fault::FaultKind;

/// Before a fault in a lesson file.
pub fn fault_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "fault",
        Lang::It => "errore",
    }
}

/// What is wrong with a lesson file, and what would be right.
pub fn lesson_fault(lang: Lang, kind: FaultKind) -> &'static str {
    match lang {
        Lang::En => lesson_fault_en(kind),
        Lang::It => lesson_fault_it(kind),
    }
}

fn lesson_fault_en(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::EmptyFile => "the file is empty; a lesson has a title and `parlab` blocks",
        FaultKind::NoTitle => "no title; begin with a line `# Title`",
        FaultKind::NoBlocks => "no `parlab` block, so nothing would run",
        FaultKind::UnclosedBlock => "nothing closes this fence",
        FaultKind::UnknownBlock => {
            "no such block (there are run, ask, code, verdict, part, why and level)"
        }
        FaultKind::BadId => "not a name; use small letters, digits and hyphens",
        FaultKind::Toml => "the block cannot be read",
        FaultKind::Template => "the template cannot be read or filled",
        FaultKind::UnknownValue => "no such value",
        FaultKind::NotMeasured => {
            "a value that may not have been measured; guard it with {% if … is not none %}"
        }
        FaultKind::DuplicateId => "the name is taken",
        FaultKind::TooFewAnswers => "a question needs two answers or more",
        FaultKind::NoCode => "nothing to show; name a region with `rust` or `python`",
        FaultKind::UnknownAsk => "no question of that name",
        FaultKind::UnknownRun => "no run block of that name",
        FaultKind::MissingVerdict => "no verdict answers this question",
        FaultKind::MissingSaid => "the verdict says nothing to this belief",
        FaultKind::UnknownBelief => "no answer of the question has this belief",
        FaultKind::Order => "a question, its run and its verdict come in this order, in one part",
        FaultKind::UnknownOption => "no option that can be used here",
        FaultKind::OutOfRange => "the value is out of range",
        FaultKind::UnknownExperiment => "no such experiment",
        FaultKind::UnknownVariant => "the experiment has no such variant",
        FaultKind::UnknownRegion => "no such region in the source",
        FaultKind::LongRegion => "the region is too long to be shown",
        FaultKind::BadRegion => "the region is empty or not closed",
        FaultKind::UnknownPart => "no part of that name",
        FaultKind::BlocksDiffer => "the two languages differ here; the English file has",
        FaultKind::NoGoal => "a level has one goal: `ends` with a number, or `stuck = true`",
        FaultKind::UnknownProgram => "no such program; `parlab explore` lists them",
        FaultKind::Unsolvable => {
            "no order of steps reaches the goal in `most` steps, or it is reached before the first"
        }
        FaultKind::BadCommand => "the command would not be understood",
    }
}

fn lesson_fault_it(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::EmptyFile => "il file è vuoto; una lezione ha un titolo e dei blocchi `parlab`",
        FaultKind::NoTitle => "manca il titolo; comincia con una riga `# Titolo`",
        FaultKind::NoBlocks => "nessun blocco `parlab`: non verrebbe eseguito nulla",
        FaultKind::UnclosedBlock => "manca la chiusura di questo blocco",
        FaultKind::UnknownBlock => {
            "blocco sconosciuto (esistono run, ask, code, verdict, part, why e level)"
        }
        FaultKind::BadId => "nome non valido; usa lettere minuscole, cifre e trattini",
        FaultKind::Toml => "il blocco non si può leggere",
        FaultKind::Template => "il template non si può leggere o riempire",
        FaultKind::UnknownValue => "questo valore non esiste",
        FaultKind::NotMeasured => {
            "un valore che potrebbe non essere stato misurato; proteggilo con {% if … is not none %}"
        }
        FaultKind::DuplicateId => "il nome è già usato",
        FaultKind::TooFewAnswers => "una domanda richiede almeno due risposte",
        FaultKind::NoCode => "nulla da mostrare; indica una regione con `rust` o `python`",
        FaultKind::UnknownAsk => "nessuna domanda con questo nome",
        FaultKind::UnknownRun => "nessun blocco run con questo nome",
        FaultKind::MissingVerdict => "nessun blocco verdict risponde a questa domanda",
        FaultKind::MissingSaid => "il blocco verdict non dice nulla a chi ha questa convinzione",
        FaultKind::UnknownBelief => "nessuna risposta della domanda ha questa convinzione",
        FaultKind::Order => {
            "una domanda, la sua esecuzione e il suo verdetto vanno in quest'ordine, in una sola parte"
        }
        FaultKind::UnknownOption => "qui non si può usare questa opzione",
        FaultKind::OutOfRange => "il valore è fuori dai limiti",
        FaultKind::UnknownExperiment => "questo esperimento non esiste",
        FaultKind::UnknownVariant => "l'esperimento non ha questa variante",
        FaultKind::UnknownRegion => "nel sorgente non c'è questa regione",
        FaultKind::LongRegion => "la regione è troppo lunga da mostrare",
        FaultKind::BadRegion => "la regione è vuota o non è chiusa",
        FaultKind::UnknownPart => "nessuna parte con questo nome",
        FaultKind::BlocksDiffer => "qui le due lingue differiscono; il file inglese ha",
        FaultKind::NoGoal => {
            "un livello ha un solo obiettivo: `ends` con un numero, oppure `stuck = true`"
        }
        FaultKind::UnknownProgram => "questo programma non esiste; `parlab explore` li elenca",
        FaultKind::Unsolvable => {
            "nessun ordine dei passi raggiunge l'obiettivo in `most` passi, oppure è già raggiunto \
             all'inizio"
        }
        FaultKind::BadCommand => "il comando non verrebbe capito",
    }
}

/// How many texts were checked, and what came of it.
pub fn checked(lang: Lang, texts: usize, faults: usize) -> String {
    match (lang, faults) {
        (Lang::En, 0) => format!("Texts checked: {texts}. No faults."),
        (Lang::En, faults) => format!("Texts checked: {texts}. Faults: {faults}."),
        (Lang::It, 0) => format!("Testi controllati: {texts}. Nessun errore."),
        (Lang::It, faults) => format!("Testi controllati: {texts}. Errori: {faults}."),
    }
}
