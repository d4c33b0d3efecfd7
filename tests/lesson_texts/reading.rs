//! How a lesson file is read.

use super::*;

#[test]
fn a_lesson_is_cut_at_its_blocks() {
    let lesson = parsed(EN);
    assert_eq!(lesson.title, "The lock: who may write");
    let shown: Vec<String> = lesson.blocks.iter().map(name).collect();
    assert_eq!(
        shown,
        [
            "1 text",
            "9 code loop",
            "14 ask where",
            "27 run race",
            "34 verdict where",
            "42 text",
            "48 part owner-dies",
            "53 text",
            "55 why bank"
        ]
    );
}

fn name(block: &doc::Block) -> String {
    match block.kind.name() {
        Some((word, id)) => format!("{} {word} {}", block.line, id.value),
        None => format!("{} text", block.line),
    }
}

#[test]
fn the_core_ends_at_the_first_part_and_no_page_shows_a_why() {
    let lesson = parsed(EN);
    assert_eq!(lesson.core().map(|block| block.line).collect::<Vec<_>>(), [1, 9, 14, 27, 34, 42]);
    assert_eq!(lesson.part("owner-dies").map(|block| block.line).collect::<Vec<_>>(), [48, 53]);
    assert_eq!(lesson.part("no-such-part").count(), 0);
    assert_eq!(
        lesson.parts().map(|part| part.title.as_str()).collect::<Vec<_>>(),
        ["The owner dies"]
    );
    assert!(lesson.why("bank").is_some() && lesson.why("vault").is_none());
}

#[test]
fn a_run_block_holds_options_and_their_places() {
    let lesson = parsed(EN);
    let run = lesson.runs().next().unwrap();
    assert_eq!(*run.experiment, "bank");
    assert_eq!(run.params.runs, Some(10));
    assert_eq!(
        run.params.only.as_deref(),
        Some(&["unlocked".to_owned(), "half-locked".to_owned()][..])
    );
    assert_eq!(run.params.iterations, None);
    assert_eq!(run.fixed.iter().map(|option| option.as_str()).collect::<Vec<_>>(), ["only"]);
    let half_locked = lesson.fault(run.places["only"][1], FaultKind::UnknownVariant, "");
    assert_eq!((half_locked.line, half_locked.column), (29, 21));
}

#[test]
fn other_fences_are_text_with_what_is_in_them() {
    let blocks = |source: &str| parsed(source).blocks.len();
    let code = "```parlab code loop\n";
    for (open, close) in [("````", "````"), ("~~~~ python", "~~~~~"), ("~~~", "~~~ ")] {
        let quoted = format!("{open}\n```parlab nonsense\n```\n{close}\n\n{code}");
        assert_eq!(blocks(&EN.replace(code, &quoted)), 9, "{open}");
    }
    // Four blanks make it code, a backtick further on a code span.
    for line in ["    ```parlab nonsense", "``` not `a` fence"] {
        assert_eq!(
            blocks(&EN.replace("Two processes", &format!("{line}\n\nTwo processes"))),
            9,
            "{line}"
        );
    }
    let longer = EN
        .replace("```parlab why bank", "````parlab why bank")
        .replace("endif %}\n```\n", "endif %}\n````\n");
    assert_eq!(blocks(&longer), 9);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let windows = format!("\u{feff}{}", EN.replace('\n', "\r\n"));
    let lesson = parsed(&windows);
    assert_eq!(lesson.title, "The lock: who may write");
    assert_eq!(lesson.blocks.len(), 9);
    let Err(faults) = doc::parse("race.md", &windows.replace("runs = 10", "runs = ten")) else {
        panic!("`ten` was taken for a number")
    };
    assert_eq!((faults[0].line, faults[0].column), (30, 8));
    assert_eq!(faults[0].source_line, "runs = ten");
}

#[test]
fn a_file_name_tells_its_language() {
    assert_eq!(Lang::of_file("lessons/lock/it.md"), Some(Lang::It));
    assert_eq!(Lang::of_file("./mine.en.md"), Some(Lang::En));
    assert_eq!(Lang::of_file("it/mine.md"), None);
    assert_eq!(Lang::from_code("fr"), None);
    assert_eq!(Lang::It.to_string(), "it");
}
