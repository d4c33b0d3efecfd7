//! The help of every command: short with `-h`, with examples by `--help`, and each example one that
//! can be typed.

use std::ffi::OsString;

/// The words of a command and what its help says.
struct Help {
    command: Vec<String>,
    short: String,
    long: String,
}

/// What is printed for these words, which ask for help.
fn asked(words: &[String], flag: &str) -> String {
    let typed = words.iter().map(String::as_str).chain([flag]).map(OsString::from).collect();
    match parlab::cli::parse(typed) {
        Err(help) if help.exit_code() == 0 => help.to_string(),
        Err(wrong) => panic!("{words:?} {flag}: {wrong}"),
        Ok(_) => panic!("{words:?} {flag} is no question for help"),
    }
}

/// The commands that a help lists: what stands below a heading that names no options.
fn listed(help: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut in_list = false;
    for line in help.lines() {
        match line.strip_suffix(':') {
            Some(heading) if !line.starts_with(' ') => {
                in_list =
                    ["Commands", "Lessons", "Programs", "Lessons with levels"].contains(&heading);
            }
            _ if in_list && line.starts_with("  ") && !line.starts_with("   ") => {
                names.extend(line.split_whitespace().next().map(str::to_string));
            }
            _ => {}
        }
    }
    names.retain(|name| name != "help");
    names
}

/// The help of a command and of all below it.
fn helps_below(command: &[String]) -> Vec<Help> {
    let [short, long] = ["-h", "--help"].map(|flag| asked(command, flag));
    let mut helps = Vec::new();
    for name in listed(&long) {
        helps.extend(helps_below(&[command, &[name]].concat()));
    }
    helps.push(Help { command: command.to_vec(), short, long });
    helps
}

fn helps() -> Vec<Help> {
    let helps = helps_below(&["parlab".to_string()]);
    let least = 10 + 2 * parlab::experiments::LESSONS.len();
    assert!(helps.len() > least, "only {} commands have help", helps.len());
    helps
}

/// The examples of a long help, without what they do.
fn examples(help: &Help) -> Vec<&str> {
    let (_, examples) = help.long.split_once("\nExamples:\n").unwrap_or_default();
    let fits =
        |line: &&str| assert!(line.chars().count() <= 78, "too wide for a terminal: {line:?}");
    let lines = examples.lines().inspect(fits);
    lines.map(|line| line.split('#').next().unwrap().trim()).collect()
}

#[test]
fn every_command_has_examples_and_each_can_be_typed() {
    for help in helps() {
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{:?} has no examples\n{}", help.command, help.long);
        for example in examples {
            let of_parlab = example.rsplit('|').next().unwrap().split('>').next().unwrap().trim();
            // A line that was too long has gone on in the next, which is no command.
            assert!(of_parlab.starts_with("parlab "), "{:?}: {example:?}", help.command);
            let typed: Vec<OsString> = of_parlab.split_whitespace().map(OsString::from).collect();
            if let Err(wrong) = parlab::cli::parse(typed) {
                panic!("{:?} has the example {example:?}: {wrong}", help.command);
            }
        }
    }
}

#[test]
fn an_example_concerns_its_command() {
    for help in helps() {
        let command = help.command.join(" ");
        let concerns = |example: &&str| example.contains(&command);
        assert!(examples(&help).iter().any(concerns), "{command}: {}", help.long);
    }
}

#[test]
fn the_short_help_is_shorter_and_says_where_there_is_more() {
    for Help { command, short, long } in helps() {
        let lines = |text: &str| text.lines().count();
        assert!(lines(&short) < lines(&long), "{command:?}\n{short}");
        assert!(!short.contains("Examples:"), "{command:?}\n{short}");
        assert!(short.contains("--help"), "{command:?}\n{short}");
        for seldom in ["--color", "--verbose"] {
            assert!(!short.contains(seldom) && long.contains(seldom), "{command:?}\n{short}");
        }
    }
}
