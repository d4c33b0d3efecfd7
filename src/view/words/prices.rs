//! The words of the price list.

use crate::event::Operation;
use crate::lesson::doc::Lang;

/// Above the list.
pub fn prices_heading(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "What one operation costs here",
        Lang::It => "Quanto costa qui un'operazione",
    }
}

/// Above the means.
pub fn means(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "means",
        Lang::It => "mezzo",
    }
}

/// What the bars mean.
pub fn prices_legend(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "█ Rust, ░ from there on to Python where it takes longer; medians",
        Lang::It => "█ Rust, ░ da lì fino a Python dove ci mette di più; mediane",
    }
}

/// What is done once for a price.
pub fn operation(lang: Lang, operation: Operation) -> &'static str {
    match (lang, operation) {
        (Lang::En, Operation::StartJoin) => "one started and joined, of several at once",
        (Lang::It, Operation::StartJoin) => "avviarne e attenderne uno, di vari insieme",
        (Lang::En, Operation::RoundTrip) => "a number to another process and back",
        (Lang::It, Operation::RoundTrip) => "un numero a un altro processo e ritorno",
        (Lang::En, Operation::ToThread) => "a message to another thread, of many on their way",
        (Lang::It, Operation::ToThread) => "un messaggio a un altro thread, di molti in viaggio",
        (Lang::En, Operation::Call) => "a call to a server process, and its answer",
        (Lang::It, Operation::Call) => "una chiamata a un processo server, e la risposta",
        (Lang::En, Operation::Request) => "a small file by HTTP, over a kept loopback connection",
        (Lang::It, Operation::Request) => {
            "un file piccolo via HTTP, su una connessione di loopback"
        }
        (Lang::En, Operation::Task) => "a task for a worker and its result, of many on their way",
        (Lang::It, Operation::Task) => {
            "un compito a un worker e il suo risultato, di molti in viaggio"
        }
        (Lang::En, Operation::Addition) => "1 added to a shared number, with nobody in the way",
        (Lang::It, Operation::Addition) => "1 sommato a un numero condiviso, senza concorrenti",
    }
}

/// Beside which means no price of Python can stand.
pub fn native_only(lang: Lang, means: &[&str]) -> String {
    let means = means.join(", ");
    match lang {
        Lang::En => format!("Nothing like it in Python's standard library: {means}"),
        Lang::It => format!("Nella libreria standard di Python non c'è niente di simile: {means}"),
    }
}
