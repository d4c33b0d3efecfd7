//! What a shell and `man` get to know of the command line: completions and pages, made from the
//! same tree that understands what is typed.
//!
//! The completions are those of `clap_complete`, and a few lines of ours for what it leaves out:
//! the second item of a comma list, and paths where a lesson's name may stand.

use clap::Command as Clap;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

/// The shells that there are completions for.
pub(super) const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// Bash asks this first. An option is offered once its dash is typed, unless there is no word to
/// offer; where no word fits, bash offers paths.
const BASH_WORDS: &str = r#"
_parlab_words() {
    local lead="" reply words=()
    case "$3,$2" in
        --only,*,*|--part,*,*) lead="${2%,*}," ;;
    esac
    _parlab "$1" "${2#"$lead"}" "$3"
    COMPREPLY=("${COMPREPLY[@]/#/$lead}")
    [[ "$2" == -* ]] && return 0
    for reply in "${COMPREPLY[@]}"; do
        case "$reply" in
            -*) ;;
            *) words+=("$reply") ;;
        esac
    done
    case "${#words[@]}, ${COMP_WORDS[*]} " in
        "0, "*" check "*|"0, "*" new "*|"0, "*" man "*)
            COMPREPLY=() ;;
        "0,"*) ;;
        *) COMPREPLY=("${words[@]}") ;;
    esac
}

"#;

/// The script that teaches `shell` (one of [`SHELLS`]) what can be typed.
pub(super) fn completions(tree: Clap, shell: &str) -> String {
    let shell: Shell = shell.parse().expect("the parser knows the shells");
    let mut tree = tree.disable_help_subcommand(true);
    let mut bytes = Vec::new();
    generate(shell, &mut tree, "parlab", &mut bytes);
    let script = String::from_utf8(bytes).expect("made of strings");
    match shell {
        Shell::Bash => bash(&script),
        Shell::Zsh => zsh(&script),
        _ => fish(&script, &tree),
    }
}

fn bash(script: &str) -> String {
    let (function, registration) =
        script.split_once("\nif [[").expect("the script ends with its registration");
    let registration = registration.replace("complete -F _parlab ", "complete -F _parlab_words ");
    format!("{function}{BASH_WORDS}if [[{registration}")
}

/// Lists are a sequence of their values, and a lesson's name may be a path.
fn zsh(script: &str) -> String {
    let mut text = String::new();
    for line in script.lines() {
        let list = line.contains("*--only=") || line.contains("*--part=");
        match (list, line.rsplit_once(":(")) {
            (true, Some((before, values))) => {
                text.push_str(&format!(
                    "{before}:_sequence compadd - {}",
                    values.replacen(')', "", 1)
                ));
            }
            _ => text.push_str(line),
        }
        text.push('\n');
        if line.trim() == r#"_describe -t commands 'parlab lesson commands' commands "$@""# {
            text.push_str("    _files\n");
        }
    }
    text
}

/// The values of a list are appended to what stands before the last comma; and fish offers no files
/// beside a lesson's name unless it is told to.
fn fish(script: &str, tree: &Clap) -> String {
    let mut text = String::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let list = line.contains(" -l only ") || line.contains(" -l part ");
        match line.split_once(" -a \"").filter(|_| list) {
            None => text.push_str(line),
            Some((option, first)) => {
                // One value a line, each before its (empty) description; a quote ends the last.
                let mut values = vec![first];
                while !values.last().is_some_and(|value| value.ends_with('"')) {
                    let Some(line) = lines.next() else { break };
                    values.push(line);
                }
                let names: Vec<&str> =
                    values.iter().filter_map(|value| value.split("\\t").next()).collect();
                text.push_str(&format!("{option} -a \"(__fish_append , {})\"", names.join(" ")));
            }
        }
        text.push('\n');
    }
    let lesson = tree.find_subcommand("lesson").expect("it is there");
    let names: Vec<&str> = lesson.get_subcommands().map(Clap::get_name).collect();
    let condition = format!(
        "__fish_parlab_using_subcommand lesson; and not __fish_seen_subcommand_from {}",
        names.join(" ")
    );
    format!("{text}complete -c parlab -n \"{condition}\" -F\n")
}

/// A man page for each command that is shown, of each lesson, too: its file's name and its text.
pub(super) fn manual(tree: Clap) -> Vec<(String, String)> {
    let mut tree = tree.disable_help_subcommand(true);
    tree.build();
    let mut pages = Vec::new();
    add_pages(&tree, &mut pages);
    pages
}

fn add_pages(command: &Clap, pages: &mut Vec<(String, String)>) {
    pages.push(page(command));
    for below in command.get_subcommands() {
        add_pages(below, pages);
    }
}

fn page(command: &Clap) -> (String, String) {
    // What the short help leaves out belongs on a page.
    let whole = command.clone().mut_args(|arg| arg.hide_short_help(false));
    let man =
        Man::new(whole).source(concat!("parlab ", env!("CARGO_PKG_VERSION"))).manual("parlab");
    let mut page = Vec::new();
    let mut sections = || -> std::io::Result<()> {
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        if command.has_subcommands() {
            man.render_subcommands_section(&mut page)?;
        }
        man.render_options_section(&mut page)
    };
    sections().expect("memory can be written to");
    let page = String::from_utf8(page).expect("made of strings");
    let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    (man.get_filename(), in_ascii(&format!("{page}{}", examples_section(&examples))))
}

/// The examples as they stand in the help, line by line.
fn examples_section(text: &str) -> String {
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let escaped = lines.map(|line| line.replace('\\', "\\e").replace('-', "\\-") + "\n");
    format!(".SH EXAMPLES\n.nf\n{}.fi\n", escaped.collect::<String>())
}

/// Not every man reads UTF-8; all know the letters by their numbers (groff_char(7)).
fn in_ascii(page: &str) -> String {
    let mut ascii = String::new();
    for c in page.chars() {
        match c.is_ascii() {
            true => ascii.push(c),
            false => ascii.push_str(&format!("\\[u{:04X}]", c as u32)),
        }
    }
    ascii
}
