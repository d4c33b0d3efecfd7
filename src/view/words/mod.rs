//! Every fixed word and sentence of the views, in both languages.
//!
//! Events carry kinds and numbers; here a kind becomes a sentence. Each `match` names
//! every language and every kind, so that a new one does not compile before both
//! languages have words for it.

mod course;
mod crowd;
mod doctor;
mod failures;
mod faults;
mod figures;
mod game;
mod handout;
mod lesson;
mod losses;
mod page;
mod plots;
mod prices;
mod recordings;
mod remarks;
mod results;
mod room;
mod schedules;
mod system;
mod transfers;
mod written;

pub use course::*;
pub use doctor::*;
pub use failures::*;
pub use faults::*;
pub use figures::*;
pub use game::*;
pub use handout::*;
pub use lesson::*;
pub use losses::*;
pub use page::*;
pub use plots::*;
pub use prices::*;
pub use recordings::*;
pub use remarks::*;
pub use results::*;
pub use room::*;
pub use schedules::*;
pub use system::*;
pub use transfers::*;
pub use written::*;
