//! The server of the lesson: a process of its own on the loopback, with the latency and the
//! bandwidth that it is given, so that a download behaves here as it does over a long line.
//!
//! It speaks HTTP/1.1 (hyper) and keeps connections open. Beside its pictures it has addresses
//! that go wrong, each in one way that real servers do. It has one thread: waiting for many
//! transfers at once needs no more.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, LOCATION};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::task::LocalSet;

use super::line::{Line, Paced, Then};
use super::picture;
use crate::event::ErrorKind;
use crate::experiments::failure::Failure;
use crate::mp::{Process, Shared};

/// A page as many servers have it for what they do not have.
const ERROR_PAGE: &str = "<!doctype html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n\
    <p>There is no such picture on this server.\n";

/// The longest file of no picture that it gives out.
const MOST_BYTES: u32 = 64 << 20;

/// How long the server may take to answer its first request.
const READY_WITHIN: Duration = Duration::from_secs(5);

/// How the server's line is.
#[derive(Debug, Clone, Copy)]
pub struct Conditions {
    /// From a request to the first byte of its answer.
    pub latency: Duration,
    /// Bytes a second that all transfers together get; unlimited if none.
    pub bandwidth: Option<u64>,
}

/// A server that runs. Dropping it ends it.
pub struct Server {
    port: u16,
    connections: Rc<Shared<AtomicU64>>,
    _process: Process<'static>,
}

impl Server {
    /// Starts it on a free port, and waits until it answers.
    ///
    /// # Errors
    /// [`ErrorKind::NoLoopback`] where this machine does not reach itself; when a process or
    /// memory cannot be had.
    pub fn start(conditions: Conditions) -> Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(no_loopback)?;
        let port = listener.local_addr().context("the server's port")?.port();
        let connections = Shared::new().context("the server's count of connections")?;
        let connections: Rc<Shared<AtomicU64>> = Rc::new(connections);
        let count = Rc::clone(&connections);
        let mut process = Process::new("server", move || {
            serve(listener, conditions, &count).unwrap_or_else(|error| panic!("{error}"));
        });
        process.start()?;
        wait_until_ready(port).map_err(no_loopback)?;
        connections.store(0, Relaxed);
        Ok(Server { port, connections, _process: process })
    }

    /// The address of what is called `name` there.
    pub fn address(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }

    /// Connections that were opened since the last call.
    pub fn connections(&self) -> u64 {
        self.connections.swap(0, Relaxed)
    }
}

/// The address of a port of this machine that nobody listens on.
///
/// # Errors
/// When no port can be had.
pub fn nobodys_address() -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(no_loopback)?;
    let port = listener.local_addr().context("a port for nobody")?.port();
    Ok(format!("http://127.0.0.1:{port}/picture-3.bmp"))
}

fn no_loopback(error: io::Error) -> Failure {
    let what = Ipv4Addr::LOCALHOST.to_string();
    Failure { kind: ErrorKind::NoLoopback, what, detail: error.to_string() }
}

/// Asks for its first answer. The listener is open since before the fork, so a connection waits
/// for the server where it is not that far yet.
fn wait_until_ready(port: u16) -> io::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, READY_WITHIN)?;
    stream.set_read_timeout(Some(READY_WITHIN))?;
    stream.write_all(b"GET /ready HTTP/1.0\r\n\r\n")?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

/// The life of the server: until it is killed.
fn serve(listener: TcpListener, conditions: Conditions, connections: &AtomicU64) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let line = Line::new(conditions.bandwidth);
        loop {
            let (stream, _) = listener.accept().await?;
            connections.fetch_add(1, Relaxed);
            stream.set_nodelay(true)?;
            let line = line.clone();
            let service = service_fn(move |request| {
                let line = line.clone();
                async move { Ok::<_, Infallible>(answer(&request, conditions, &line).await) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            // A client that leaves, or a transfer that was cut on purpose, ends its connection only.
            tokio::task::spawn_local(async move { drop(connection.await) });
        }
    })
}

async fn answer(
    request: &Request<Incoming>,
    conditions: Conditions,
    line: &Line,
) -> Response<Paced> {
    let path = request.uri().path().trim_start_matches('/');
    // A timer counts whole milliseconds and rounds up: no latency at all is no timer.
    if path != "ready" && !conditions.latency.is_zero() {
        tokio::time::sleep(conditions.latency).await;
    }
    let numbered = |before: &str, after: &str| -> Option<u32> {
        path.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
    };
    if let Some(number) = numbered("picture-", ".bmp") {
        return file(line, picture::file(number), Then::Whole);
    }
    if let Some(bytes) = numbered("bytes-", ".bin").filter(|&bytes| bytes <= MOST_BYTES) {
        return file(line, vec![0; bytes as usize], Then::Whole);
    }
    match path {
        "ready" => file(line, Vec::new(), Then::Whole),
        "cut.bmp" => file(line, picture::file(1), Then::Cut),
        "stalled.bmp" => file(line, picture::file(1), Then::Stall),
        "circle.bmp" => redirect(line, "/circle.bmp"),
        "elsewhere.bmp" => redirect(line, "ftp://127.0.0.1/picture-1.bmp"),
        _ => {
            let page = Bytes::from_static(ERROR_PAGE.as_bytes());
            response(
                StatusCode::NOT_FOUND,
                (CONTENT_TYPE, "text/html"),
                line.carry(page, Then::Whole),
            )
        }
    }
}

fn file(line: &Line, bytes: Vec<u8>, then: Then) -> Response<Paced> {
    response(StatusCode::OK, (CONTENT_TYPE, "image/bmp"), line.carry(bytes.into(), then))
}

fn redirect(line: &Line, to: &'static str) -> Response<Paced> {
    response(StatusCode::FOUND, (LOCATION, to), line.carry(Bytes::new(), Then::Whole))
}

fn response(
    status: StatusCode,
    (name, value): (hyper::header::HeaderName, &'static str),
    body: Paced,
) -> Response<Paced> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(name, hyper::header::HeaderValue::from_static(value));
    response
}
