//! What a text may say of what was measured.

use super::*;

#[track_caller]
fn says(template: &str, text: &str) {
    assert_eq!(rendered(template, &measured()).as_deref(), Ok(text));
}

#[track_caller]
fn is_refused(template: &str, fault: &str) {
    assert_eq!(rendered(template, &measured()), Err(fault.to_owned()));
}

#[test]
fn a_text_says_what_was_measured() {
    says(
        "{{ race.unlocked.runs }} {{ race.unlocked.correct_runs }} {{ race.unlocked.wrong_runs }}",
        "3 1 2",
    );
    says(
        "{{ race.unlocked.low }}..{{ race.unlocked.high }} of {{ race.unlocked.expected }}",
        "40..160 of 100",
    );
    says("{{ race.unlocked.overlapped }}", "2");
    says(
        "{{ race.unlocked.traced_runs }} {{ race.unlocked.updates }} {{ race.unlocked.lost }} {{ race.unlocked.lost_runs }}",
        "2 40 7 2",
    );
    says("{{ race.unlocked.median_s | time }}", "1.5 ms");
    says("{{ race.baseline }} {{ machine.cpus }} of {{ machine.logical_cpus }}", "unlocked 2 of 8");
    says("<b> & {{ '<b>' }}", "<b> & <b>");
    says("{% for i in range(2) %}{{ loop.index }}{% endfor %}", "12");
}

#[test]
fn a_line_that_holds_nothing_but_a_tag_leaves_no_line() {
    says("a\n{% if race.unlocked.runs %}\nb\n  {% endif %}\nc\n", "a\nb\nc\n");
}

#[test]
fn a_name_that_does_not_exist_is_a_fault_wherever_it_is_read() {
    is_refused("{{ race.unlokced.runs }}", "5:11 unknown value: race.unlokced");
    is_refused("{{ race.unlocked.rums }}", "5:20 unknown value: race.unlocked.rums");
    is_refused("\n{% if rice %}x{% endif %}", "6:7 unknown value: rice");
    is_refused(
        "{% if race.unlocked.rums is defined %}x{% endif %}",
        "5:23 unknown value: race.unlocked.rums",
    );
    is_refused("{{ race['half-locked'].runs }}", "5:12 unknown value: race.half-locked");
    is_refused("{{ race.unlocked.lost[0] }}", "5:6 not measured: race.unlocked.lost[0]");
}

#[test]
fn a_value_that_was_not_measured_can_only_be_tested() {
    says("{% if race.half_locked.runs %}x{% else %}y{% endif %}", "y");
    says(
        "{% if race.half_locked.runs is none %}y{% endif %}{% if race.half_locked.runs is not none %}x{% endif %}",
        "y",
    );
    says("{{ race.half_locked.runs | default('-') }}", "-");
    for used in [
        "race.half_locked.median_s",
        "race.half_locked.median_s | time",
        "race.half_locked.median_s < 1",
        "race.half_locked.median_s != 1",
        "race.half_locked.median_s + 1",
        "race.half_locked.median_s ~ 's'",
    ] {
        let fault = rendered(&format!("{{{{ {used} }}}}"), &measured()).unwrap_err();
        assert_eq!(fault, "5:6 not measured: race.half_locked.median_s", "{used}");
    }
    is_refused(
        "{% for w in race.half_locked.deadlock.waits %}x{% endfor %}",
        "5:15 not measured: race.half_locked.deadlock",
    );
    is_refused(
        "{% set s = race.half_locked.q1_s %}{{ s }}",
        "5:14 not measured: race.half_locked.q1_s",
    );
    is_refused("{{ machine.quota_cpus }}", "5:6 not measured: machine.quota_cpus");
}

#[test]
fn what_was_looked_for_and_not_found_may_be_compared_and_not_printed() {
    says("{{ 1 if race.winner == 'unlocked' else 0 }}", "0");
    is_refused("{{ race.winner }}", "5:6 not measured: race.winner");
    let before = rendered("{{ 1 if race.winner == 'unlocked' else 0 }}", &expected()).unwrap_err();
    assert_eq!(before, "5:11 not measured: race.winner");
    says("{% if not race.unlocked.deadlock and not race.lost_update %}none{% endif %}", "none");
}

#[test]
fn faults_of_the_engine_stand_at_their_place() {
    is_refused("\nè {{ race.unlocked.lost | never }}", "6:27 template: never");
    is_refused("{{ race.unlocked.lost | tmie }}", "5:27 template: filter tmie is unknown");
    is_refused(
        "{{ race.unlocked }}",
        "5:6 template: a map cannot be printed, only a number or a word",
    );
    is_refused(
        "{{ race.notes }}",
        "5:6 template: a sequence cannot be printed, only a number or a word",
    );
}

#[test]
fn a_verdicts_texts_are_placed_in_the_file_too() {
    let lesson = parsed(EN);
    let verdict = lesson.blocks.iter().find_map(|block| match &block.kind {
        Kind::Verdict(verdict) => Some(verdict),
        _ => None,
    });
    let verdict = verdict.unwrap();
    let outcome = renderer().render(&lesson, &verdict.outcome, &measured()).unwrap();
    assert_eq!(outcome, "The balance ended right 1 times of 3.");
    let fault =
        |template| listed(&[renderer().render(&lesson, template, &expected()).unwrap_err()]);
    assert_eq!(
        fault(&verdict.outcome),
        format!(
            "{} not measured: race.unlocked.correct_runs",
            place("race.unlocked.correct_runs }}")
        )
    );
    assert_eq!(
        fault(verdict.said("too-fast").unwrap()),
        format!("{} not measured: race.unlocked.lost", place("race.unlocked.lost }}"))
    );
    assert!(verdict.said("no-such-belief").is_none());
}

#[test]
fn a_name_that_does_not_exist_is_found_in_a_sentence_that_was_not_chosen() {
    let mut values = measured();
    values.expect("bank", &names());
    assert_eq!(listed(&template::unknown_names(&parsed(EN), &values)), "");
    let text = "It came out {{ race.unlocked.rums }}, {{ rice.x }}, {{ race.lost_update.lost }}, {{ range(3) | length }}";
    let source = EN
        .replace("race.unlocked.lost == 0", "false and race.unlokced.lost")
        .replace("It came out", text)
        .replace("The winner is", "The winer {{ bank.winer }} is");
    assert_eq!(
        listed(&template::unknown_names(&parsed(&source), &values)),
        "24:25 unknown value: race.unlokced\n\
         45:30 unknown value: race.unlocked.rums\n\
         45:42 unknown value: rice\n\
         56:39 unknown value: bank.winer"
    );
}

#[test]
fn what_was_not_measured_is_not_printed_by_a_detour_either() {
    for detour in [
        "race.half_locked.runs | round",
        "race.half_locked.runs | abs",
        "race.half_locked.runs | length",
        "[race.half_locked.runs] | first",
        "[1, race.half_locked.runs] | last",
        "[1, race.half_locked.runs] | min",
        "[race.half_locked.runs] | max",
        "[race.half_locked.runs] | join",
        "race.winner | string",
        "[race.winner] | first",
        "race.winner is none",
    ] {
        let printed = rendered(&format!("{{{{ {detour} }}}}"), &measured());
        assert!(printed.is_err(), "{detour}: {printed:?}");
    }
}
