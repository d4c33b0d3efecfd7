//! What templates see of the events of a run.

use super::*;

#[track_caller]
fn says(values: &Values, template: &str, text: &str) {
    assert_eq!(rendered(template, values).as_deref(), Ok(text));
}

fn event(json: &str) -> Event {
    serde_json::from_str(json).unwrap()
}

#[test]
fn figures_are_of_the_variant_or_of_the_experiment() {
    let mut values = expected();
    says(
        &values,
        "{{ 1 if race.window_ns is none else 0 }} {{ 1 if race.unlocked.step_ns is none else 0 }}",
        "1 1",
    );
    values.take(
        "race",
        &event(
            r#"{"event":"measure","experiment":"bank","variant":null,"values":{"window_ns":12}}"#,
        ),
    );
    values.take("race", &event(r#"{"event":"measure","experiment":"bank","variant":"unlocked","values":{"step-ns":2.5}}"#));
    says(&values, "{{ race.window_ns }} {{ race.unlocked.step_ns }}", "12 2.5");
}

#[test]
fn notes_are_a_list_with_each_kind_once() {
    let mut values = expected();
    says(&values, "{{ race.notes | length }}", "0");
    for _ in 0..2 {
        values.take(
            "race",
            &event(
                r#"{"event":"note","experiment":"bank","variant":null,"kind":"one_cpu_widened"}"#,
            ),
        );
    }
    says(
        &values,
        "{{ race.notes | length }} {{ 1 if 'one_cpu_widened' in race.notes else 0 }}",
        "1 1",
    );
}

#[test]
fn the_first_lost_update_and_every_variants_deadlock() {
    let mut values = expected();
    for victim in ["withdraw", "deposit"] {
        values.take("race", &event(&format!(
            r#"{{"event":"lost_update","experiment":"bank","variant":"unlocked","index":0,"victim":"{victim}","overwriter":"x","lost":1,"steps":[{{"process":"w","op":"load","value":57,"write":[2,411]}}]}}"#
        )));
    }
    says(
        &values,
        "{{ race.lost_update.victim }} {{ race.lost_update.steps[0].value }}",
        "withdraw 57",
    );
    for variant in ["unlocked", "half-locked"] {
        values.take("race", &event(&format!(
            r#"{{"event":"deadlock","experiment":"bank","variant":"{variant}","evidence":"syscall","waits":[{{"process":"p","pid":7,"state":"S","call":"futex","resource":null,"holder":null,"address":null}}]}}"#
        )));
    }
    says(
        &values,
        "{{ race.deadlock.variant }} {{ race.half_locked.deadlock.variant }}",
        "unlocked half-locked",
    );
    says(
        &values,
        "{% for w in race.deadlock.waits %}{{ w.pid }}{% if not w.holder %}?{% endif %}{% endfor %}",
        "7?",
    );
    assert!(
        rendered("{{ race.deadlock.wiats }}", &values)
            .unwrap_err()
            .ends_with("unknown value: race.deadlock.wiats")
    );
}

#[test]
fn a_python_that_works_comes_before_one_that_does_not() {
    let mut values = expected();
    let python = |path: &str, fault: &str| {
        event(&format!(
            r#"{{"event":"python","path":"{path}","version":"3.11.2","gil":true,"start_method":"fork","fault":{fault}}}"#
        ))
    };
    values.take("race", &python("a", r#""hung""#));
    says(&values, "{{ race.python.fault }} {{ 1 if race.python.detail is none else 0 }}", "hung 1");
    values.take("race", &python("b", "null"));
    values.take("race", &python("c", "null"));
    says(&values, "{{ race.python.path }} {{ 1 if race.python.fault == 'hung' else 0 }}", "b 0");
}

#[test]
fn peers_of_a_second_python_get_names_of_their_own() {
    let mut values = expected();
    let peer = event::Run {
        python: Some("3.9.2".into()),
        gil: Some(true),
        ..run("python3.9-unlocked", 100)
    };
    values.take("race", &Event::Run(peer));
    says(
        &values,
        "{{ race.python3_9_unlocked.python }} {{ 1 if race.python3_9_unlocked.step_ns is none else 0 }}",
        "3.9.2 1",
    );
}

#[test]
fn runs_are_counted_before_the_summary_and_two_runs_are_kept_apart() {
    let mut values = expected();
    values.expect("again", &names());
    values.take("race", &Event::Run(run("unlocked", 99)));
    says(
        &values,
        "{{ race.unlocked.wrong_runs }} {{ 1 if again.unlocked.wrong_runs is none else 0 }}",
        "1 1",
    );
    values.expect("race", &names());
    says(&values, "{{ 1 if race.unlocked.runs is none else 0 }}", "1");
}
