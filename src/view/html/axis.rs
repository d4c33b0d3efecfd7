//! The scale below a drawing: a line with values along it.

use serde::Serialize;

use super::templates::share;

/// A value and where it stands.
#[derive(Serialize)]
pub(super) struct Tick {
    x: String,
    /// Which end of its name stands at its place, as SVG's `text-anchor` has it.
    anchor: &'static str,
    value: String,
}

impl Tick {
    /// Named from its place on: the least.
    pub fn first(place: f64, value: String) -> Tick {
        Tick { x: share(place), anchor: "start", value }
    }

    /// Named around its place.
    pub fn between(place: f64, value: String) -> Tick {
        Tick { x: share(place), anchor: "middle", value }
    }

    /// Named up to its place: the greatest.
    pub fn last(place: f64, value: String) -> Tick {
        Tick { x: share(place), anchor: "end", value }
    }
}
