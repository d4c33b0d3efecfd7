//! How files ended that were to be fetched: that they are there, or why not and what to do.

use super::super::format::bytes;
use crate::event::{Transfer, TransferFault};
use crate::lesson::doc::Lang;

/// Above the files.
pub fn files_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "The files",
        Lang::It => "I file",
    }
}

/// Beside the bar of all files together.
pub fn total(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "total",
        Lang::It => "totale",
    }
}

/// How a file ended.
pub fn ending(lang: Lang, transfer: &Transfer) -> String {
    if let Some(fault) = transfer.fault {
        let said = transfer.detail.as_ref().map(|said| format!(" ({said})")).unwrap_or_default();
        let (happened, next) = fault_words(lang, fault);
        return format!("{happened}{said}. {next}");
    }
    let size = bytes(transfer.done_bytes as f64, lang);
    let rate = transfer.rate_bytes_per_s.map(|rate| format!(", {}/s", bytes(rate, lang)));
    let size = format!("{size}{}", rate.unwrap_or_default());
    match (lang, &transfer.saved_as) {
        (Lang::En, Some(name)) => format!("{size}, kept as {name}"),
        (Lang::It, Some(name)) => format!("{size}, conservato come {name}"),
        (Lang::En, None) => format!("{size}, whole; not kept, as no --to says where"),
        (Lang::It, None) => format!("{size}, intero; non conservato, perché manca --to"),
    }
}

/// What happened, and what to do next.
fn fault_words(lang: Lang, fault: TransferFault) -> (&'static str, &'static str) {
    match lang {
        Lang::En => english(fault),
        Lang::It => italian(fault),
    }
}

fn english(fault: TransferFault) -> (&'static str, &'static str) {
    match fault {
        TransferFault::BadAddress => (
            "this is no address of a file on the web",
            "Give one that begins with http:// or https://.",
        ),
        TransferFault::NoSuchHost => (
            "no host of this name could be found",
            "Check the spelling, and whether this machine has a network.",
        ),
        TransferFault::Refused => {
            ("the host takes no connection there", "Check the port, and whether the server runs.")
        }
        TransferFault::Unreachable => {
            ("the host cannot be reached", "Check the network, or try again later.")
        }
        TransferFault::Certificate => (
            "the server's certificate is not to be trusted, so nothing was asked for",
            "If it is a server of your own, name its certificate with SSL_CERT_FILE.",
        ),
        TransferFault::Status => (
            "the server did not answer with this file; what it sent instead was not kept",
            "Check the address.",
        ),
        TransferFault::Redirects => (
            "the server sends from address to address and never to the file",
            "Give the address of the file itself.",
        ),
        TransferFault::Scheme => (
            "the server sends to an address that is not followed",
            "Only http and https are, and never from https back to http.",
        ),
        TransferFault::Silence => (
            "nothing came for too long",
            "Try again later; a longer --seconds-limit bears a longer silence.",
        ),
        TransferFault::TooSlow => {
            ("it was not whole when the time was up", "Give more time (--seconds-limit).")
        }
        TransferFault::TooLarge => (
            "it is larger than parlab takes",
            "This is a lesson: fetch such a file with a program that is made for it.",
        ),
        TransferFault::Cut => {
            ("the connection ended before the file did; nothing of it was kept", "Try again.")
        }
        TransferFault::Protocol => (
            "what came is no answer of a web server",
            "Check the port, and whether it is http or https there.",
        ),
        TransferFault::SameName => (
            "another file of the list has the same name, and this one was not asked for",
            "Fetch it in a command of its own, into another directory.",
        ),
        TransferFault::Exists => (
            "a file of this name is there already; it was not touched",
            "Move it away, or name another directory with --to.",
        ),
        TransferFault::NoSpace => (
            "there is no room for it; nothing of it was kept",
            "Make room, or name another directory with --to.",
        ),
        TransferFault::NotWritten => (
            "it cannot be written; nothing of it was kept",
            "Check the directory, or name another one with --to.",
        ),
    }
}

fn italian(fault: TransferFault) -> (&'static str, &'static str) {
    match fault {
        TransferFault::BadAddress => (
            "non è l'indirizzo di un file sul web",
            "Indicane uno che comincia con http:// o https://.",
        ),
        TransferFault::NoSuchHost => (
            "nessun host con questo nome è stato trovato",
            "Controlla come è scritto, e se questa macchina ha una rete.",
        ),
        TransferFault::Refused => {
            ("l'host non accetta connessioni lì", "Controlla la porta, e se il server è attivo.")
        }
        TransferFault::Unreachable => {
            ("l'host non si raggiunge", "Controlla la rete, o riprova più tardi.")
        }
        TransferFault::Certificate => (
            "il certificato del server non è affidabile, perciò non è stato chiesto nulla",
            "Se il server è tuo, indica il suo certificato con SSL_CERT_FILE.",
        ),
        TransferFault::Status => (
            "il server non ha risposto con questo file; ciò che ha mandato al suo posto non è stato \
             conservato",
            "Controlla l'indirizzo.",
        ),
        TransferFault::Redirects => (
            "il server rimanda da un indirizzo all'altro e mai al file",
            "Indica l'indirizzo del file stesso.",
        ),
        TransferFault::Scheme => (
            "il server rimanda a un indirizzo che non si segue",
            "Si seguono solo http e https, e mai da https indietro a http.",
        ),
        TransferFault::Silence => (
            "per troppo tempo non è arrivato nulla",
            "Riprova più tardi; con un --seconds-limit più lungo si sopporta un silenzio più lungo.",
        ),
        TransferFault::TooSlow => {
            ("allo scadere del tempo non era intero", "Dai più tempo (--seconds-limit).")
        }
        TransferFault::TooLarge => (
            "è più grande di quanto parlab accetta",
            "Questa è una lezione: un file così scaricalo con un programma fatto apposta.",
        ),
        TransferFault::Cut => {
            ("la connessione è finita prima del file; non ne è stato conservato nulla", "Riprova.")
        }
        TransferFault::Protocol => (
            "ciò che è arrivato non è la risposta di un server web",
            "Controlla la porta, e se lì si parla http o https.",
        ),
        TransferFault::SameName => (
            "un altro file dell'elenco ha lo stesso nome, e questo non è stato chiesto",
            "Scaricalo con un comando a parte, in un'altra cartella.",
        ),
        TransferFault::Exists => (
            "un file con questo nome c'è già; non è stato toccato",
            "Spostalo, o indica un'altra cartella con --to.",
        ),
        TransferFault::NoSpace => (
            "non c'è spazio; non ne è stato conservato nulla",
            "Fai spazio, o indica un'altra cartella con --to.",
        ),
        TransferFault::NotWritten => (
            "non si può scrivere; non ne è stato conservato nulla",
            "Controlla la cartella, o indicane un'altra con --to.",
        ),
    }
}
