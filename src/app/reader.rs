//! Who reads along: the one at the terminal, and an exported page in each language.

use std::io;

use super::session::{Session, Stop};
use super::source;
use crate::lesson::doc::{Doc, Lang};
use crate::lesson::fault::Fault;
use crate::lesson::template::{Renderer, Template};
use crate::lesson::values::Values;
use crate::view::View;

/// One who reads along.
pub struct Reader<'a> {
    /// In which language.
    pub lang: Lang,
    /// Fills the texts of that language.
    pub renderer: &'a Renderer,
    /// Where they read.
    pub view: &'a mut dyn View,
}

impl Reader<'_> {
    /// A text of their language, with what was measured.
    ///
    /// # Errors
    /// A fault of the text.
    pub fn fill(&self, doc: &Doc, template: &Template, values: &Values) -> Result<String, Unsaid> {
        Ok(self.renderer.render(doc, template, values)?)
    }
}

/// Why something could not be said.
pub enum Unsaid {
    /// The text has a fault.
    Fault(Fault),
    /// It could not be written.
    Output(io::Error),
}

impl From<Fault> for Unsaid {
    fn from(fault: Fault) -> Self {
        Unsaid::Fault(fault)
    }
}

impl From<io::Error> for Unsaid {
    fn from(error: io::Error) -> Self {
        Unsaid::Output(error)
    }
}

/// Says something to everyone: to each with the text in their language, `docs` being in the order
/// of [`Session::readers`].
///
/// # Errors
/// [`Stop::Usage`] for a fault, which has been told; [`Stop::Output`].
pub fn to_each(
    session: &mut Session,
    docs: &[Doc],
    mut say: impl FnMut(&mut Reader, &Doc) -> Result<(), Unsaid>,
) -> Result<(), Stop> {
    let said =
        (session.readers().iter_mut().zip(docs)).try_for_each(|(reader, doc)| say(reader, doc));
    said.map_err(|unsaid| match unsaid {
        Unsaid::Fault(fault) => source::faulty(session, &[fault]),
        Unsaid::Output(error) => Stop::Output(error),
    })
}
