//! Tests of the whole program, as somebody at a shell meets it: what it prints, how it
//! ends, and what it leaves behind.
//!
//! Every test starts the real program through [`parlab::Parlab`], which judges what a
//! test does not mention: exit code 0, nothing on stderr, no process, file or name left.

mod architecture;
mod bad_input;
mod chaos;
mod completions;
mod course;
mod course_kept;
mod doctor;
mod done;
mod download;
mod download_faults;
mod every_lesson;
mod explore;
mod export;
mod family;
mod grid;
mod help;
mod hostile_places;
mod json;
mod lesson_document;
mod limits;
mod lock;
mod man_pages;
mod manager;
mod own_lesson;
mod parlab;
mod pipe;
mod play;
mod play_screen;
mod pool;
mod price_list;
mod process;
mod python;
mod pythons;
mod queue;
mod raw_server;
mod readme;
mod report;
mod report_flaws;
mod report_room;
mod room;
mod runner_ends;
mod runner_kills;
mod runner_sweeps;
mod shm;
mod surroundings;
mod terminal;
mod threads;
#[path = "../view/trace_format.rs"]
mod trace_format;
