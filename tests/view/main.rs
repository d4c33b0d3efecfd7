//! The text view and the JSON view, from events to what stands on the screen.

mod boards;
mod course;
mod handout;
mod html;
mod manners;
mod offers;
mod pages;
mod room;
mod schedules;
mod stream;
mod trace;
mod trace_format;
mod transfers;
