//! A web server that a test writes byte by byte, for what a good server would never send.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A server on the loopback. It answers until the tests end.
pub struct RawServer {
    port: u16,
}

impl RawServer {
    /// One that hands each request's path to `answer`, with the connection to write to.
    pub fn answering(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> RawServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = Arc::new(answer);
        in_background(move || {
            for stream in listener.incoming().flatten() {
                let answer = Arc::clone(&answer);
                in_background(move || one(stream, &*answer));
            }
        });
        RawServer { port }
    }

    /// One that has every path, with itself as the content.
    pub fn good() -> RawServer {
        RawServer::answering(|path, stream| send(stream, ok("", path)))
    }

    /// The address of a path, which begins with `/`.
    pub fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// Runs in a thread that nobody waits for.
pub fn in_background(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().spawn(work).unwrap();
}

/// Reads one request, answers, and closes.
fn one(mut stream: TcpStream, answer: &dyn Fn(&str, &mut TcpStream)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut request = String::new();
    let _ = reader.read_line(&mut request);
    let mut header = String::new();
    while reader.read_line(&mut header).is_ok_and(|read| read > 2) {
        header.clear();
    }
    answer(request.split(' ').nth(1).unwrap_or("/"), &mut stream);
}

/// Writes; whoever has left does not hear it.
pub fn send(stream: &mut impl Write, bytes: impl AsRef<[u8]>) {
    let _ = stream.write_all(bytes.as_ref());
}

/// A good answer, with more headers (each with its line end).
pub fn ok(headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    )
}
