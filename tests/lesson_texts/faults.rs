//! What is wrong with a lesson file, and where.

use super::*;

#[test]
fn a_file_without_anything() {
    for empty in ["", "\n\n", " \t\r\n", "\u{feff}"] {
        assert_eq!(listed(&doc::parse("x.md", empty).unwrap_err()), "1:1 empty file: ");
    }
    assert_eq!(
        listed(&doc::parse("x.md", "only text").unwrap_err()),
        "1:1 no title: \n1:10 no blocks: "
    );
    assert_eq!(faults_with("# The lock", "## The lock"), "1:1 no title: ");
    let quoted = "~~~\n# The lock\n~~~\n";
    assert_eq!(faults_with("# The lock: who may write\n", quoted), "1:1 no title: ");
}

#[test]
fn a_fence_that_nothing_closes() {
    assert_eq!(
        listed(&doc::parse("x.md", "# T\n\n```parlab run a\nexperiment = \"b\"\n").unwrap_err()),
        "3:1 unclosed block: parlab run a"
    );
    // The next block would otherwise be swallowed, its closing fence taken for this one's.
    let unclosed = faults_with("```parlab code loop", "```python\nx = 1\n\n```parlab code loop");
    assert_eq!(unclosed, "9:1 unclosed block: python");
}

#[test]
fn info_strings_that_name_no_block() {
    assert_eq!(faults_with("parlab code loop", "parlab cod loop"), "9:11 unknown block: cod");
    assert_eq!(faults_with("parlab code loop", "parlab"), "9:4 unknown block: ");
    assert_eq!(faults_with("parlab code loop", "parlab code"), "9:15 bad id: ");
    assert_eq!(faults_with("parlab code loop", "parlab code Loop"), "9:16 bad id: Loop");
    assert_eq!(faults_with("parlab code loop", "parlab code loop 2"), "9:21 bad id: 2");
    assert_eq!(faults_with("\"bank\"", "\"the bank\""), "28:14 bad id: the bank");
    assert!(faults_with("parlab run race", "parlab run machine").contains("27:15 bad id: machine"));
}

#[test]
fn toml_that_is_not_what_it_has_to_be() {
    let faults = faults_with("runs = 10", "rnus = 10");
    assert!(
        faults
            .starts_with("30:1 toml: unknown field `rnus`, expected one of `n`, `runs`, `workers`"),
        "{faults}"
    );
    let faults = faults_with("fixed = [\"only\"]", "fixed = \"only\"");
    assert!(faults.starts_with("31:9 toml: invalid type: string \"only\""), "{faults}");
    let faults = faults_with("question = \"Where does", "question = \"Where \\does");
    assert!(faults.starts_with("15:"), "{faults}");
    let faults = faults_with("rust = \"unlocked\"", "rust = \"unlocked\"\nruby = \"x\"");
    assert!(faults.starts_with("11:1 toml: unknown field `ruby`"), "{faults}");
    let faults = faults_with("after = \"race\"\n", "");
    assert!(faults.starts_with("15:1 toml: missing field `after`"), "{faults}");
    assert!(
        !faults.contains("verdict"),
        "a question that cannot be read makes no second fault: {faults}"
    );
    let faults = faults_with("title = \"The owner dies\"", "title = 1");
    assert!(
        faults.starts_with("49:9 toml: invalid type: integer `1`, expected a string"),
        "{faults}"
    );
}

#[test]
fn all_that_are_independent_are_told_at_once_in_their_order() {
    let source = EN
        .replace("parlab code loop", "parlab code Loop")
        .replace("runs = 10", "runs = -1")
        .replace("endif %}\n\n~~~", "endfi %}\n\n~~~")
        .replace("race.unlocked.lost == 0", "race.unlocked.lost ==");
    let faults = doc::parse("race.md", &source).unwrap_err();
    let kinds: Vec<_> = faults.iter().map(|fault| (fault.line, fault.kind)).collect();
    use FaultKind::{BadId, Template, Toml};
    assert_eq!(kinds, [(9, BadId), (24, Template), (30, Toml), (46, Template)]);
}

#[test]
fn templates_that_cannot_be_read_are_placed_in_the_file() {
    let cases = [
        ("{% else %}", "{% else"),
        ("{{ race.unlocked.wrong_runs }}", "{{ race.unlocked. }}"),
        ("{{ bank.winner }}", "{{ bank..winner }}"),
        ("{{ race.unlocked.correct_runs }}", "{{ race.unlocked.correct_runs | }}"),
        ("{{ race.unlocked.lost }}", "{{ race.unlocked.lost ! }}"),
        ("race.unlocked.lost == 0", "race.unlocked.lost = 0"),
    ];
    for (old, new) in cases {
        let faults = faults_with(old, new);
        let line = place(old).split(':').next().unwrap().to_owned();
        assert!(faults.starts_with(&format!("{line}:")) || new == "{% else", "{new}: {faults}");
        assert!(faults.contains(" template: ") && !faults.contains('\n'), "{new}: {faults}");
    }
    // Escapes stand between the template and the file: the string's place is told.
    let escaped = faults_with("At 100: `+=`", "At \\\"100\\\": `+=`");
    assert_eq!(escaped, "");
    let escaped =
        faults_with("The balance ended right {{", "The \\\"balance\\\" ended {{ 1 + }}{{");
    assert!(escaped.starts_with("35:11 template: "), "{escaped}");
}

#[test]
fn names_taken_twice() {
    let second = "```parlab run race\nexperiment = \"bank\"\n```\n\n```parlab verdict where";
    assert_eq!(faults_with("```parlab verdict where", second), "34:15 duplicate id: race");
    let second = "```parlab why bank\nx\n```\n\n```parlab why bank";
    assert_eq!(faults_with("```parlab why bank", second), "59:15 duplicate id: bank");
    assert!(
        faults_with("belief = \"too-fast\"", "belief = \"one-step\"")
            .contains("22:10 duplicate id: one-step")
    );
}

#[test]
fn questions_runs_and_verdicts_that_do_not_fit() {
    assert_eq!(faults_with("after = \"race\"", "after = \"rice\""), "16:9 unknown run: rice");
    let faults = faults_with("parlab verdict where", "parlab verdict when");
    assert_eq!(faults, "14:15 missing verdict: where\n34:19 unknown ask: when");
    assert_eq!(
        faults_with("one-step = \"`+=`", "two-steps = \"`+=`"),
        "34:19 missing said: one-step\n37:1 unknown belief: two-steps"
    );
    assert_eq!(
        faults_with("fixed = [\"only\"]", "fixed = [\"only\", \"seed\"]"),
        "31:18 unknown option: seed"
    );
    assert_eq!(
        faults_with(
            "rust = \"unlocked\"          # a region of the experiment's source\npython = \"withdraw\"\n",
            ""
        ),
        "9:1 no code: loop"
    );
    let one = EN.split("[[answers]]").nth(2).unwrap().split("```").next().unwrap();
    let faults = faults_with(&format!("[[answers]]{one}"), "");
    assert!(
        faults.contains("too few answers: where") && faults.contains("unknown belief: too-fast"),
        "{faults}"
    );
}

#[test]
fn blocks_out_of_order() {
    let run = EN.split("```parlab run race").nth(1).unwrap().split("```").next().unwrap();
    let run = format!("```parlab run race{run}```\n");
    let without = EN.replace(&run, "");
    let before = without.replace("```parlab ask where", &format!("{run}\n```parlab ask where"));
    let after = without.replace("\n{% if race.unlocked", &format!("\n{run}\n{{% if race.unlocked"));
    let part = "~~~parlab part other\ntitle = \"\"\nabout = \"\"\n~~~\n";
    let parted = |at: &str| EN.replace(at, &format!("{part}{at}"));
    let run_in_the_core = parted("```parlab verdict where");
    let ask_in_the_core = parted("```parlab run race");
    for source in [before, after, run_in_the_core, ask_in_the_core] {
        let faults = listed(&doc::parse("race.md", &source).unwrap_err());
        assert!(faults.contains("order: where") && !faults.contains('\n'), "{faults}");
    }
}
