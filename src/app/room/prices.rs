//! The price lists of a room: how many times as much an operation costs in Python, machine by
//! machine. What it costs at all is no number that machines have in common.

use crate::event::{Dearer, Event, Price, Recording};

/// Lays the prices of one more file to those of the others.
pub fn add(all: &mut Vec<Dearer>, recording: &Recording) {
    let prices = || {
        recording.events().filter_map(|event| match event {
            Event::Price(price) => Some(price),
            _ => None,
        })
    };
    for native in prices().filter(|price| price.python.is_none()) {
        let beside = |price: &&Price| price.python.is_some() && price.means == native.means;
        for python in prices().filter(beside) {
            let ratio = python.cost_s / native.cost_s;
            if ratio.is_finite() && ratio > 0.0 {
                let new = || Dearer { means: native.means.clone(), ratios: Vec::new() };
                let dearer = super::entry(all, |of| of.means == native.means, new);
                dearer.ratios.push(ratio);
                dearer.ratios.sort_by(f64::total_cmp);
            }
        }
    }
}
