//! mp tests
fn main() {}
