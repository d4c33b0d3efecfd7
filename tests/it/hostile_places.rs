//! Hostile places: a table of places where each lesson works, or says why it cannot.
//!
//! A row is a place: how a run is put there, words that every lesson says there, and the lessons
//! that cannot do their work, each with its exit code, with what happened, and with what to do.
//! Every other lesson ends with 0 and says nothing on stderr. Each row is a test of its own and goes
//! through the registry. What holds everywhere is judged for every run: nothing is left behind, and
//! no text of a panic reaches the reader.
//!
//! What one experiment does at the very edge of a limit is held elsewhere: in `limits`,
//! `surroundings` and the files of the lessons.

use parlab::experiments::{LESSONS, Lesson, Opt};

use crate::family::{is_root, skip};
use crate::parlab::Parlab;
use crate::python::SENSIBLE;
use crate::surroundings::{one_cpu, succeeds};

/// A run in a place; or why there is no such place where the tests run.
type Put = Result<Parlab, &'static str>;

/// A lesson that cannot do its work in a place: its name, its exit code, what happened, what to do.
type Otherwise = (&'static str, i32, &'static str, &'static str);

/// One test for each row.
macro_rules! places {
    ($($name:ident: $put:expr, $says:literal, [$($otherwise:expr),*];)*) => {$(
        #[test]
        fn $name() {
            each_lesson(stringify!($name), $put, $says, &[$($otherwise),*]);
        }
    )*};
}

places! {
    on_one_cpu: on_one_cpu_alone, "", [];
    beside_a_busy_loop_at_nice_19: at_nice_19_with_a_loop, "", [];
    with_64_processes: with_64_processes_of_a_user, "", [
        ("queue", 1, "100 cannot be started at once", "raise the limit (`ulimit -u NUMBER`")
    ];
    with_32_descriptors: |run| Ok(run.after("ulimit -n 32")), "", [
        ("process", 1, "40 cannot be started at once", "raise the limit in this shell (`ulimit -n"),
        ("queue", 1, "100 cannot be started at once", "raise the limit in this shell (`ulimit -n")
    ];
    in_a_small_address_space: |run| Ok(run.after("ulimit -v 60000")), "", [
        ("download", 1, "cannot get memory: none is left (copies of a file", "raise `ulimit -v`")
    ];
    with_a_tiny_shared_memory: |run| mounted(run, "size=4k", "/dev/shm", ""), "", [];
    with_a_shared_memory_to_read_only: |run| mounted(run, "ro", "/dev/shm", ""), "", [];
    without_shared_memory: without_dev_shm, "", [];
    with_a_home_to_read_only: |run| mounted(run, "ro", "$HOME", ""), "", [];
    on_a_full_disk: |run| on_a_disk(run, "size=64k"), "could not be written to the temporary", [
        ("download", 1, "cannot write to the temporary directory", "TMPDIR=/some/where")
    ];
    on_a_disk_without_a_free_inode: |run| on_a_disk(run, "size=64k,nr_inodes=2"),
        "could not be written to the temporary", [
        ("manager", 1, "cannot write to the temporary directory", "TMPDIR=/some/where"),
        ("download", 1, "cannot write to the temporary directory", "TMPDIR=/some/where")
    ];
    where_the_language_is_c: |run| Ok(run.env("LANG", "C").env("LC_ALL", "C")), "", [];
    with_stdin_closed: |run| Ok(run.after("exec <&-")), "", [];
    as_nobody: |run| as_user(run, 65_534), "", [];
    without_python3: Ok, "no python3 on the PATH", [];
    without_a_loopback: |run| apart(run, "--net", &["/bin/true"]), "", [
        ("download", 1, "does not reach itself over the loopback", "`ip link set lo up`")
    ];
}

#[test]
fn without_a_loopback_the_parts_of_a_lesson_that_need_it_say_so() {
    let told = [("en", "does not reach itself"), ("it", "non raggiunge sé stessa")];
    for (part, (lang, happened)) in ["network", "refused"].into_iter().zip(told) {
        let args = ["lesson", "manager", "--part", part, "--runs", "1", "--n", "5", "--lang", lang];
        let run = Parlab::new().args(args).args(["--yes", "--no-python"]);
        let run = match apart(run, "--net", &["/bin/true"]) {
            Ok(run) => run,
            Err(reason) => return skip("without_a_loopback_the_parts…", reason),
        };
        let done = run.run().any_stdout().code(1).one_message().stderr_has(happened);
        done.stderr_has("`ip link set lo up`");
    }
}

/// Runs each lesson in a place and holds it against its row.
fn each_lesson(test: &str, put: impl Fn(Parlab) -> Put, says: &str, otherwise: &[Otherwise]) {
    for lesson in LESSONS {
        let run = Parlab::new().args(["lesson", lesson.name, "--yes"]).args(small(lesson));
        let run = match put(run) {
            Ok(run) => run,
            Err(reason) => return skip(test, reason),
        };
        let done = run.run();
        let said = [done.stdout().to_string(), done.stderr().to_string()].concat();
        assert!(!said.to_lowercase().contains("backtrace"), "{}: {done}", lesson.name);
        match otherwise.iter().find(|(name, ..)| *name == lesson.name) {
            Some((_, code, happened, next)) => {
                done.code(*code).one_message().stderr_has(happened).stderr_has(next);
            }
            None => {
                assert!(done.stderr().is_empty(), "{}: {done}", lesson.name);
                let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(said.contains(says), "{} does not say {says:?}: {done}", lesson.name);
                done.code(0);
            }
        }
    }
}

/// Values of a lesson's options with which it is short, and has as many processes at once as
/// without them.
fn small(lesson: &Lesson) -> Vec<String> {
    let value = |option: Opt| match option {
        Opt::Runs => Some("1".to_string()),
        Opt::Wait | Opt::Work => Some("1ms".to_string()),
        Opt::N | Opt::Iterations => {
            let usual = option.get(&lesson.defaults)?;
            Some(if usual > 100 { usual / 100 } else { usual }.to_string())
        }
        _ => None,
    };
    let values = lesson.options.iter().filter_map(|&opt| Some((opt, value(opt)?)));
    values.flat_map(|(opt, value)| [format!("--{}", opt.name()), value]).collect()
}

fn on_one_cpu_alone(run: Parlab) -> Put {
    Ok(run.under(one_cpu().ok_or("there is no taskset(1)")?))
}

/// Both on one CPU and equally unimportant: whatever else the machine does comes first.
fn at_nice_19_with_a_loop(run: Parlab) -> Put {
    let nice = "/usr/bin/nice";
    if !succeeds(&[nice, "-n", "19", "/bin/true"]) {
        return Err("there is no nice(1)");
    }
    // If nobody is left to kill it, the loop ends by its limit of CPU time.
    let beside = "(ulimit -t 100; exec /usr/bin/nice -n 19 /bin/sh -c 'while :; do :; done') & \
        loop=$!; /usr/bin/nice -n 19 \"$0\" \"$@\"; code=$?; \
        { kill -9 $loop; wait $loop; } 2>/dev/null; exit $code";
    Ok(on_one_cpu_alone(run)?.under(["/bin/sh", "-c", beside]))
}

/// All that a user runs counts: this one has nothing else.
fn with_64_processes_of_a_user(run: Parlab) -> Put {
    let prlimit = ["/usr/bin/prlimit", "--nproc=64"];
    if !succeeds(&[prlimit[0], prlimit[1], "/bin/true"]) {
        return Err("there is no prlimit(1)");
    }
    as_user(run.under(prlimit), 64_064)
}

fn as_user(run: Parlab, id: u32) -> Put {
    let [uid, gid] = ["reuid", "regid"].map(|name| format!("--{name}={id}"));
    let to_user = ["/usr/bin/setpriv", &uid, &gid, "--clear-groups"];
    if !is_root() || !succeeds(&[&to_user[..], &["/bin/true"]].concat()) {
        return Err("users may not be changed here");
    }
    Ok(run.copied().under(to_user))
}

/// In a namespace of its own, in which `trial` has to succeed.
fn apart(run: Parlab, kind: &'static str, trial: &[&str]) -> Put {
    let (alone, as_root) = (["/usr/bin/unshare", kind], ["/usr/bin/unshare", "--map-root-user"]);
    if succeeds(&[&alone, trial].concat()) {
        Ok(run.under(alone))
    } else if succeeds(&[&as_root, &alone, trial].concat()) {
        Ok(run.under(as_root).under(alone))
    } else {
        Err("no such namespace may be made here")
    }
}

/// With an empty file system of its own in a directory. `prepare` are commands of the shell before
/// the run; the exit codes 97 and 98 are those of a place that could not be made, and of something
/// that was left in it.
pub fn mounted(run: Parlab, options: &str, directory: &str, prepare: &str) -> Put {
    let run = apart(run, "--mount", &["/bin/mount", "-t", "tmpfs", "none", "/mnt"])?;
    let script = format!(
        "/bin/mount -t tmpfs -o {options} none \"{directory}\" || exit 97; {prepare}\n\
         before=$(/bin/ls -A \"{directory}\"); \"$0\" \"$@\"; code=$?\n\
         [ \"$(/bin/ls -A \"{directory}\")\" = \"$before\" ] || exit 98; exit $code"
    );
    Ok(run.under(["/bin/sh", "-c", &script]))
}

/// With a TMPDIR that has no room, and a Python whose program would have to be written there.
fn on_a_disk(run: Parlab, options: &str) -> Put {
    let fill = "/usr/bin/head -c 1000000 /dev/zero > \"$TMPDIR/full\" 2>/dev/null";
    mounted(run.python(SENSIBLE), options, "$TMPDIR", fill)
}

/// With a /dev that has everything but shm.
fn without_dev_shm(run: Parlab) -> Put {
    let devices = "for name in null zero full random urandom tty; do : > \"$HOME/$name\" && \
        /bin/mount --bind /dev/$name \"$HOME/$name\" || exit 97; done; \
        /bin/mount --rbind \"$HOME\" /dev || exit 97; [ ! -e /dev/shm ] || exit 97";
    mounted(run, "size=1m", "$HOME", devices)
}
