//! `parlab compare all`: the price list of this machine, on one page.

use super::session::{Session, Stop};
use crate::event::{Event, Params};
use crate::experiments::prices::{Prices, Results};
use crate::experiments::{CEILING, LESSONS, Lesson, options};

/// Runs, small, every experiment that tells prices, and hands on what they are.
///
/// # Errors
/// Whatever stops it.
pub fn price_list(session: &mut Session, typed: &Params) -> Result<(), Stop> {
    let params = options::merge(typed, &options::everywhere());
    session.start("compare", "all", &params)?;
    session.has_times(&[&CEILING])?;
    session.run(&CEILING, params, &mut |_| {})?;
    for lesson in LESSONS {
        for prices in lesson.prices {
            tell(session, lesson, prices, typed)?;
        }
    }
    Ok(())
}

fn tell(
    session: &mut Session,
    lesson: &Lesson,
    prices: &Prices,
    typed: &Params,
) -> Result<(), Stop> {
    let experiment = lesson.experiment(prices.experiment).expect("a row prices what it has");
    let usual = options::merge(&lesson.defaults, &options::everywhere());
    let params = options::merge(typed, &options::merge(&prices.params, &usual));
    let params = Params { only: Some(prices.variants()), ..params };
    let mut results = Results::default();
    session.run(experiment, params.clone(), &mut |event| results.take(event))?;
    for price in prices.told(&results, &params) {
        session.tell(&Event::Price(price))?;
    }
    Ok(())
}
