//! Judges a prediction by what was measured.

use super::block::Ask;
use super::doc::Doc;
use super::fault::Fault;
use super::template::Renderer;
use super::values::Values;
use crate::event::Answer;

/// Which of the beliefs held, and whether the one that was said is among them; neither
/// right nor wrong is one that cannot be judged for want of a number. `said` is the
/// index of an answer; none, or an index that no answer has, means that nothing was said.
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
    let (mut held, mut right) = (Vec::new(), None);
    for (index, answer) in ask.answers.iter().enumerate() {
        let holds = renderer.holds(doc, &answer.holds, values)?;
        if holds == Some(true) {
            held.push(answer.belief.value.clone());
        }
        if said == Some(index) {
            right = holds;
        }
    }
    let said =
        said.and_then(|index| ask.answers.get(index)).map(|answer| answer.belief.value.clone());
    Ok(Answer { ask: ask.id.value.clone(), said, held, right })
}
