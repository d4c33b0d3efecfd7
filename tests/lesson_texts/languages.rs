//! Whether both languages hold the same blocks.

use super::*;

fn differences(old: &str, new: &str) -> String {
    assert!(IT.contains(old));
    listed(&translation::differences(&parsed(EN), &parsed(&IT.replace(old, new))))
}

#[test]
fn a_translation_holds_the_same_blocks() {
    assert_eq!(differences("Due", "Tre"), "");
    assert_eq!(differences("parlab code loop", "parlab code lop"), "9:1 blocks differ: code loop");
    assert_eq!(
        differences("rust = \"unlocked\"", "rust = \"locked\""),
        "10:8 blocks differ: rust unlocked"
    );
    assert_eq!(differences("python = \"withdraw\"\n", ""), "9:1 blocks differ: python withdraw");
    assert_eq!(differences("runs = 10", "runs = 11"), "30:8 blocks differ: runs 10");
    assert_eq!(
        differences("\"half-locked\"]", "\"locked\"]"),
        "29:9 blocks differ: only [\"unlocked\",\"half-locked\"]"
    );
    assert_eq!(differences("fixed = [\"only\"]", "fixed = []"), "27:15 blocks differ: fixed only");
    assert_eq!(differences("runs = 10", "runs = 10\nseed = 3"), "31:8 blocks differ: ");
    assert_eq!(
        differences("race.unlocked.lost == 0", "race.unlocked.lost < 1"),
        "24:10 blocks differ: holds 2 race.unlocked.lost == 0"
    );
    assert_eq!(differences("parlab why bank", "parlab why vault"), "55:1 blocks differ: why bank");
}

#[test]
fn a_block_too_few_or_too_many() {
    let why = &IT[IT.find("```parlab why").unwrap()..];
    assert_eq!(differences(why, ""), "54:1 blocks differ: why bank");
    assert_eq!(
        differences(why, &format!("{why}\n{}", why.replace("bank", "vault"))),
        "59:1 blocks differ: "
    );
}
