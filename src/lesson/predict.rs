//! Judges a prediction by what was measured.

use super::block::Ask;
use super::doc::Doc;
use super::fault::Fault;
use super::template::Renderer;
use super::values::Values;
use crate::event::Answer;

/// Which of the beliefs held, and whether the one that was said is among them.
/// `said` is the index of an answer; none, or an index that no answer has, means
/// that nothing was said.
///
/// # Errors
/// The fault of an expression that cannot be evaluated, as [`Renderer::holds`].
pub fn judge(
    doc: &Doc,
    ask: &Ask,
    said: Option<usize>,
    renderer: &Renderer,
    values: &Values,
) -> Result<Answer, Fault> {
    let mut held = Vec::new();
    for answer in &ask.answers {
        if renderer.holds(doc, &answer.holds, values)? {
            held.push(answer.belief.value.clone());
        }
    }
    let said =
        said.and_then(|index| ask.answers.get(index)).map(|answer| answer.belief.value.clone());
    let right = said.as_ref().map(|belief| held.contains(belief));
    Ok(Answer { ask: ask.id.value.clone(), said, held, right })
}
