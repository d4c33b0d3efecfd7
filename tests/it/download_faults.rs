//! Downloads that go wrong: each told, nothing half-done left, the other files unharmed.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use nix::sys::signal::Signal;
use parlab::event::{EndReason, ErrorKind, Transfer, TransferFault};

use crate::done::Done;
use crate::download::transfers;
use crate::family::{self, eventually, is_root, skip};
use crate::parlab::Parlab;
use crate::raw_server::{RawServer, in_background, ok, send};
use crate::room::{Room, names_in};

/// `compare download --json` of these addresses, into `work/to`, one after the other.
fn fetch(room: &Rc<Room>, addresses: &[&str]) -> Parlab {
    fs::create_dir_all(room.path("work/to")).unwrap();
    let urls = addresses.iter().flat_map(|address| ["--url", address]);
    let args = ["compare", "download", "--json", "--to", "to", "--only", "serial"];
    Parlab::in_room(room).args(args).args(urls)
}

fn kept(room: &Room) -> Vec<String> {
    names_in(&room.path("work/to"))
}

#[track_caller]
fn endings(done: &Done) -> Vec<Transfer> {
    transfers(done).into_iter().filter(|transfer| transfer.ended).collect()
}

/// Fetches something bad between two good files: its fault, and nothing but the good ones is kept.
#[track_caller]
fn fault_of(address: &str, more: &[&str]) -> (TransferFault, String) {
    let (room, good) = (Rc::new(Room::new()), RawServer::good());
    let addresses = [&good.at("/a.txt"), address, &good.at("/b.txt")];
    let done = fetch(&room, &addresses).args(more).run();
    let done = done.one_error(ErrorKind::NotFetched).ends(1, Some(EndReason::Failed));
    assert_eq!(kept(&room), ["a.txt", "b.txt"], "{done}");
    assert_eq!(fs::read_to_string(room.path("work/to/a.txt")).unwrap(), "/a.txt");
    let endings = endings(&done);
    let faults: Vec<_> = endings.iter().map(|ending| ending.fault).collect();
    let [None, Some(fault), None] = faults[..] else { panic!("{done}") };
    assert_eq!(done.errors()[0].what.as_deref(), Some("1/3"));
    (fault, endings[1].detail.clone().unwrap_or_default())
}

/// The same, of a server that answers so.
#[track_caller]
fn fault_when(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> TransferFault {
    let server = RawServer::answering(answer);
    // A short limit, so that silence does not last.
    fault_of(&server.at("/bad.txt"), &["--seconds-limit", "10"]).0
}

#[test]
fn addresses_that_lead_nowhere() {
    let refused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/bad.txt", listener.local_addr().unwrap())
    };
    for (address, fault) in [
        ("http://picture.invalid/bad.txt", TransferFault::NoSuchHost),
        (&refused, TransferFault::Refused),
        ("not an address", TransferFault::BadAddress),
        ("//host/bad.txt", TransferFault::BadAddress),
        ("ftp://127.0.0.1/bad.txt", TransferFault::BadAddress),
        ("file:///etc/passwd", TransferFault::BadAddress),
        ("http://", TransferFault::BadAddress),
        ("http://127.0.0.1:99999/bad.txt", TransferFault::BadAddress),
    ] {
        assert_eq!(fault_of(address, &[]).0, fault, "{address}");
    }
}

#[test]
fn statuses_that_are_no_success() {
    for status in ["404 Not Found", "500 Internal Server Error", "206 Partial Content", "204 None"]
    {
        let answer = move |_: &str, stream: &mut TcpStream| {
            send(
                stream,
                format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            );
        };
        assert_eq!(fault_when(answer), TransferFault::Status, "{status}");
    }
}

#[test]
fn redirects_that_are_not_followed() {
    let to = |place: &'static str| {
        move |_: &str, stream: &mut TcpStream| {
            let head = "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\n";
            send(stream, format!("{head}Location: {place}\r\n\r\n"));
        }
    };
    assert_eq!(fault_when(to("/bad.txt")), TransferFault::Redirects);
    assert_eq!(fault_when(to("ftp://127.0.0.1/bad.txt")), TransferFault::Scheme);
    // The client does not even take this for a redirect; what it does not follow is no success.
    assert_eq!(fault_when(to("file:///etc/passwd")), TransferFault::Status);
    // Never the same address twice, and never an end.
    let longer = |path: &str, stream: &mut TcpStream| {
        let head = "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\n";
        send(stream, format!("{head}Location: {path}x\r\n\r\n"));
    };
    assert_eq!(fault_when(longer), TransferFault::Redirects);
}

#[test]
fn servers_that_fall_silent_before_the_answer_and_in_it() {
    let never = |_: &str, stream: &mut TcpStream| wait_for_the_end(stream);
    assert_eq!(fault_when(never), TransferFault::Silence);
    let half = |_: &str, stream: &mut TcpStream| {
        send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        wait_for_the_end(stream);
    };
    assert_eq!(fault_when(half), TransferFault::Silence);
}

/// Holds the connection until the other side gives up.
fn wait_for_the_end(stream: &mut TcpStream) {
    let _ = std::io::Read::read(stream, &mut [0; 16]);
}

#[test]
fn bodies_that_are_shorter_or_longer_than_can_be() {
    let cut = |_: &str, stream: &mut TcpStream| {
        send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    };
    assert_eq!(fault_when(cut), TransferFault::Cut);
    let cut_chunk = |_: &str, stream: &mut TcpStream| {
        send(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf");
    };
    assert_eq!(fault_when(cut_chunk), TransferFault::Cut);
    let huge = |_: &str, stream: &mut TcpStream| {
        send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nmore");
    };
    assert_eq!(fault_when(huge), TransferFault::TooLarge);
    let endless = |_: &str, stream: &mut TcpStream| {
        send(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        // Slowly: what is to end it is the time, not the size.
        while stream.write_all(b"more and more").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    assert_eq!(fault_when(endless), TransferFault::TooSlow);
}

#[test]
fn a_body_without_end_is_cut_off_at_the_size_that_is_taken() {
    let endless = |_: &str, stream: &mut TcpStream| {
        send(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[0; 1 << 20]).is_ok() {}
    };
    let server = RawServer::answering(endless);
    // Time enough for 256 MiB, on any machine that is not too busy to be asked.
    let (fault, said) = fault_of(&server.at("/bad.txt"), &["--seconds-limit", "100"]);
    assert!(matches!(fault, TransferFault::TooLarge | TransferFault::TooSlow), "{fault:?}: {said}");
}

#[test]
fn answers_that_are_no_http() {
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n",
    ] {
        let fault = fault_when(move |_: &str, stream: &mut TcpStream| send(stream, answer));
        assert_eq!(fault, TransferFault::Protocol, "{answer:?}");
    }
    // Nothing at all.
    assert_eq!(fault_when(|_: &str, _: &mut TcpStream| {}), TransferFault::Cut);
}

#[test]
fn the_second_file_of_a_name_and_a_file_that_is_there_are_not_fetched() {
    let good = RawServer::good();
    assert_eq!(fault_of(&good.at("/other/a.txt"), &[]).0, TransferFault::SameName);
    let room = Rc::new(Room::new());
    let mine = room.file("to/mine.txt", "precious");
    let done = fetch(&room, &[&good.at("/mine.txt"), &good.at("/new.txt")]).run();
    let done = done.one_error(ErrorKind::NotFetched).ends(1, Some(EndReason::Failed));
    assert_eq!(endings(&done)[0].fault, Some(TransferFault::Exists));
    assert_eq!(fs::read_to_string(mine).unwrap(), "precious");
    assert_eq!(kept(&room), ["mine.txt", "new.txt"]);
}

#[test]
fn names_from_outside_are_made_safe() {
    let server = RawServer::answering(|path, stream| {
        let name = path.strip_prefix("/header/").unwrap_or_default();
        let header = match name {
            "" => String::new(),
            "dots" => "Content-Disposition: attachment; filename=\"..\"\r\n".into(),
            "up" => "Content-Disposition: attachment; filename=\"../../up.txt\"\r\n".into(),
            name => format!("Content-Disposition: attachment; filename=\"{name}\"\r\n"),
        };
        send(stream, ok(&header, path));
    });
    let long = format!("/{}.txt", "x".repeat(300));
    let short = format!("{}.txt", "x".repeat(196));
    for (path, name) in [
        ("/plain.txt?query=1", "plain.txt"),
        ("/", "download"),
        ("/%2e%2e%2fup.txt", "_._up.txt"),
        ("/.hidden", "_hidden"),
        ("/a%00b%0Ac.txt", "a_b_c.txt"),
        ("/%ff%fe.txt", "\u{fffd}\u{fffd}.txt"),
        ("/nul.txt", "_nul.txt"),
        (&long, &short),
        ("/header/plain.txt", "plain.txt"),
        ("/header/dots", "download"),
        ("/header/up", "_._.._up.txt"),
    ] {
        let room = Rc::new(Room::new());
        let done = fetch(&room, &[&server.at(path)]).run().ends(0, None);
        assert_eq!(kept(&room), [name], "{path}");
        assert_eq!(endings(&done)[0].saved_as.as_deref(), Some(name), "{path}");
        assert_eq!(names_in(&room.path("work")), ["to"], "{path}");
    }
}

#[test]
fn two_answers_that_ask_for_one_name_do_not_overwrite_each_other() {
    let header = "Content-Disposition: attachment; filename=\"same.txt\"\r\n";
    let server = RawServer::answering(move |path, stream| send(stream, ok(header, path)));
    let room = Rc::new(Room::new());
    let done = fetch(&room, &[&server.at("/1"), &server.at("/2")]).run().code(1);
    assert_eq!(endings(&done)[1].fault, Some(TransferFault::Exists));
    assert_eq!(fs::read_to_string(room.path("work/to/same.txt")).unwrap(), "/1");
}

#[test]
fn a_directory_that_cannot_keep_files_is_told_before_anything_is_fetched() {
    let server = RawServer::answering(|_, _| panic!("nothing was to be asked for"));
    let room = Rc::new(Room::new());
    room.file("plain", "a file");
    for (to, said) in [("missing", "No such file"), ("plain", "Not a directory")] {
        let args = ["compare", "download", "--json", "--to", to, "--url", &server.at("/a")];
        let done = Parlab::in_room(&room).args(args).run().one_error(ErrorKind::Target);
        let error = done.errors().remove(0);
        assert_eq!(error.what.as_deref(), Some(to));
        assert!(error.detail.unwrap().starts_with(said), "{done}");
        done.ends(1, Some(EndReason::Failed));
    }
    assert_eq!(names_in(&room.path("work")), ["plain"]);
}

#[test]
fn a_directory_of_somebody_else_is_told() {
    let setpriv = ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    if !is_root() || !Path::new(setpriv[0]).exists() {
        return skip("a_directory_of_somebody_else_is_told", "users may not be changed here");
    }
    let room = Rc::new(Room::new());
    let run = fetch(&room, &[&RawServer::good().at("/a.txt")]).copied().under(setpriv);
    fs::set_permissions(room.path("work/to"), fs::Permissions::from_mode(0o555)).unwrap();
    let done = run.run().one_error(ErrorKind::Target).code(1);
    assert!(done.errors()[0].detail.as_ref().unwrap().starts_with("Permission denied"), "{done}");
}

#[test]
fn a_full_disk_costs_the_file_that_does_not_fit() {
    let room = Rc::new(Room::new());
    let to = room.path("work/to");
    fs::create_dir_all(&to).unwrap();
    let flags = nix::mount::MsFlags::empty();
    let mounted = nix::mount::mount(Some("tmpfs"), &to, Some("tmpfs"), flags, Some("size=256k"));
    if mounted.is_err() {
        return skip("a_full_disk_costs_the_file_that_does_not_fit", "nothing may be mounted here");
    }
    let big = "x".repeat(1 << 20);
    let server = RawServer::answering(move |path, stream| {
        send(stream, ok("", if path == "/big" { &big } else { path }));
    });
    let addresses = ["/a", "/big", "/b"].map(|path| server.at(path));
    let done = fetch(&room, &addresses.each_ref().map(String::as_str))
        .run()
        .one_error(ErrorKind::NotFetched)
        .code(1);
    let (names, fault) = (kept(&room), endings(&done)[1].fault);
    nix::mount::umount(&to).unwrap();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(fault, Some(TransferFault::NoSpace));
}

/// A run that is in the middle of a file: something of it is in the directory.
fn in_the_middle(room: &Rc<Room>) -> crate::parlab::Running {
    let server = RawServer::answering(|_, stream| {
        send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        wait_for_the_end(stream);
    });
    let running = fetch(room, &[&server.at("/half.txt")]).start();
    eventually("a file on its way", || (!kept(room).is_empty()).then_some(()));
    running
}

#[test]
fn an_interrupted_download_leaves_nothing() {
    let room = Rc::new(Room::new());
    let running = in_the_middle(&room);
    running.interrupt();
    running.wait().ends(130, Some(EndReason::Interrupted));
    assert_eq!(kept(&room), [] as [&str; 0]);
}

#[test]
fn a_killed_runner_leaves_nothing_of_a_download() {
    let room = Rc::new(Room::new());
    let mut running = in_the_middle(&room);
    let family = running.family();
    assert!(family::signal(family.runner, Signal::SIGKILL));
    running.wait().one_error(ErrorKind::RunnerLost).code(1);
    assert_eq!(kept(&room), [] as [&str; 0]);
}

#[test]
fn a_list_is_read_line_by_line_and_a_bad_line_is_told_by_its_number() {
    let (room, good) = (Rc::new(Room::new()), RawServer::good());
    let (a, b) = (good.at("/a.txt"), good.at("/b.txt"));
    room.file("list", format!("\u{feff}{a}\r\n\r\n  # comment\r\n nonsense \r\n{b}"));
    let done = fetch(&room, &[]).args(["--urls", "list"]).run();
    let done = done.one_error(ErrorKind::NotFetched).ends(1, Some(EndReason::Failed));
    assert_eq!(kept(&room), ["a.txt", "b.txt"]);
    let bad = endings(&done).remove(1);
    assert_eq!((bad.name.as_str(), bad.fault), ("nonsense", Some(TransferFault::BadAddress)));
    assert!(bad.detail.unwrap().starts_with("list:4: "), "{done}");
}

#[test]
fn a_list_that_is_not_there_or_empty_is_told() {
    let room = Rc::new(Room::new());
    room.file("empty", "# nothing\n\n");
    room.file("endless", "x".repeat(2 << 20));
    for list in ["missing", "empty", "endless", "to"] {
        let done = fetch(&room, &[]).args(["--urls", list]).run();
        let done = done.one_error(ErrorKind::AddressList).ends(1, Some(EndReason::Failed));
        assert_eq!(done.errors()[0].what.as_deref(), Some(list));
    }
    assert_eq!(kept(&room), [] as [&str; 0]);
}

#[test]
fn every_address_is_fetched_once_by_each_variant_and_kept_once() {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    let asked = std::sync::Arc::new(AtomicU32::new(0));
    let count = std::sync::Arc::clone(&asked);
    let server = RawServer::answering(move |path, stream| {
        count.fetch_add(1, Relaxed);
        send(stream, ok("", path));
    });
    let room = Rc::new(Room::new());
    fs::create_dir_all(room.path("work/to")).unwrap();
    let args = ["compare", "download", "--json", "--to", "to", "--runs", "7"];
    let urls = [server.at("/1"), server.at("/2")].map(|url| format!("--url={url}"));
    // Nor does a proxy that the environment names come between this machine and itself.
    let run = Parlab::in_room(&room).args(args).args(urls);
    let done = run.env("http_proxy", "http://127.0.0.1:1").run().ends(0, None);
    assert_eq!(done.runs().len(), 2, "{done}");
    assert!(done.runs().iter().all(|run| run.correct == Some(true)), "{done}");
    assert_eq!((asked.load(Relaxed), kept(&room)), (4, vec!["1".to_string(), "2".to_string()]));
}

#[test]
fn variants_that_cannot_run_here_fetch_nothing_and_say_so() {
    let room = Rc::new(Room::new());
    for more in [&["--url", "http://127.0.0.1:1/x"][..], &[]] {
        let args = ["compare", "download", "--json", "--no-python", "--only", "python-serial"];
        let done = Parlab::in_room(&room).args(args).args(more).run();
        done.one_error(ErrorKind::NothingRan).ends(1, Some(EndReason::Failed));
    }
}

#[test]
fn a_directory_alone_keeps_the_pictures_of_the_lesson() {
    let room = Rc::new(Room::new());
    let done = fetch(&room, &[]).args(["--wait", "1ms", "--n", "3"]).run().ends(0, None);
    assert_eq!(kept(&room), ["picture-1.bmp", "picture-2.bmp", "picture-3.bmp"], "{done}");
    let picture = fs::read(room.path("work/to/picture-2.bmp")).unwrap();
    assert!(picture.starts_with(b"BM") && picture.len() == 57_654);
}

#[test]
fn a_lesson_text_cannot_say_what_is_fetched_or_where_it_is_kept() {
    for line in ["url = [\"http://127.0.0.1/x\"]", "urls = \"/etc/passwd\"", "to = \"/tmp\""] {
        let done = Parlab::lesson([&format!("experiment = \"addresses\"\n{line}")]).run();
        done.any_stdout().any_stderr().code(2);
    }
}

/// A server of HTTPS with a certificate for 127.0.0.1 of its own making, and that certificate.
fn https_server(answer: String) -> (String, String) {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_string()]).unwrap();
    let (certificate, pem) = (own.cert.der().clone(), own.cert.pem());
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = std::sync::Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}/safe.txt", listener.local_addr().unwrap());
    in_background(move || {
        for stream in listener.incoming().flatten() {
            let session = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut tls = rustls::StreamOwned::new(session, stream);
            let _ = std::io::Read::read(&mut tls, &mut [0; 4096]);
            send(&mut tls, &answer);
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
    });
    (address, pem)
}

#[test]
fn https_is_for_servers_whose_certificate_is_trusted() {
    let (address, pem) = https_server(ok("", "safe"));
    let room = Rc::new(Room::new());
    let trusted = room.file("trusted.pem", pem);
    let done = fetch(&room, &[&address]).env("SSL_CERT_FILE", &trusted).run().ends(0, None);
    assert_eq!(fs::read_to_string(room.path("work/to/safe.txt")).unwrap(), "safe", "{done}");
    assert_eq!(fault_of(&address, &[]).0, TransferFault::Certificate);
}

fn moved_to(address: &str) -> String {
    format!(
        "HTTP/1.1 301 Moved\r\nConnection: close\r\nContent-Length: 0\r\nLocation: {address}\r\n\r\n"
    )
}

#[test]
fn a_redirect_is_followed_to_https_and_never_back() {
    let (safe, pem) = https_server(ok("", "safe"));
    let room = Rc::new(Room::new());
    let trusted = room.file("trusted.pem", pem);
    let to_safe = RawServer::answering(move |_, stream| send(stream, moved_to(&safe)));
    let asked = to_safe.at("/asked.txt");
    let done = fetch(&room, &[&asked]).env("SSL_CERT_FILE", &trusted).run().ends(0, None);
    // The name is that of the address that was asked for.
    assert_eq!(fs::read_to_string(room.path("work/to/asked.txt")).unwrap(), "safe", "{done}");

    let (back, pem) = https_server(moved_to(&RawServer::good().at("/plain.txt")));
    let trusted = room.file("other.pem", pem);
    let done = fetch(&room, &[&back]).env("SSL_CERT_FILE", &trusted).run().code(1);
    assert_eq!(endings(&done)[0].fault, Some(TransferFault::Scheme), "{done}");
}

#[test]
fn both_languages_say_what_happened_and_what_to_do() {
    for (lang, happened, next) in [
        ("en", "is no address of a file on the web", "not every file could be fetched"),
        ("it", "non è l'indirizzo di un file sul web", "non è stato possibile scaricare tutti"),
    ] {
        let args = ["compare", "download", "--url", "x\u{1b}[2J", "--lang", lang];
        let done = Parlab::new().args(args).run().code(1).stdout_has(happened).stderr_has(next);
        assert!(!done.stdout().contains('\u{1b}'), "{done}");
    }
}
