//! The HTTP client: reqwest's blocking one, with limits on everything that could last for ever.
//!
//! It starts a thread of its own, so it lives in forked children alone.

use std::sync::Once;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Url;
use reqwest::blocking::{Client, ClientBuilder};
use reqwest::redirect::{Action, Attempt, Policy};

use super::fault::Unfollowed;

/// Redirects that are followed.
const MOST_REDIRECTS: usize = 5;
/// Idle connections that are kept for each host: more than there are threads.
const KEPT: usize = 1_000;

/// Whether a connection is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// The next file of the same host comes over the same one.
    Kept,
    /// Each file has its own, as in the notebook: `requests.get` without a session.
    New,
}

/// Whom a client has to do with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The server of the lesson: no proxy, no certificates.
    OwnServer,
    /// Servers on this machine: no proxy.
    ThisMachine,
    /// Servers anywhere: by the proxy that the environment names, if any.
    Anybody,
}

/// A client. `silence` bounds every connect, every answer and every wait for more bytes.
///
/// # Errors
/// When it cannot be built: no thread, no descriptor.
pub fn client(whom: Whom, connections: Connections, silence: Duration) -> Result<Client> {
    install_provider();
    let builder = || builder(whom, connections, silence);
    let built = match whom {
        Whom::OwnServer => builder().tls_certs_only([]).build(),
        // A machine without any certificate still reaches http; https then fails as not to be trusted.
        _ => builder().build().or_else(|_| builder().tls_certs_only([]).build()),
    };
    built.context("building the HTTP client")
}

/// Cryptography for TLS; without it no client can be built, not even for plain http.
fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error says that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn builder(whom: Whom, connections: Connections, silence: Duration) -> ClientBuilder {
    let kept = if connections == Connections::Kept { KEPT } else { 0 };
    let builder = Client::builder()
        .user_agent(concat!("parlab/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::custom(follow))
        .referer(false)
        .connect_timeout(silence)
        // Of the blocking client it bounds each wait by itself; of a request it would bound the whole.
        .timeout(silence)
        .pool_max_idle_per_host(kept);
    if whom == Whom::Anybody { builder } else { builder.no_proxy() }
}

/// From http to https is welcome; back, or to anything that is not the web, is not.
fn follow(attempt: Attempt) -> Action {
    let (to, before) = (attempt.url(), attempt.previous());
    let from = before.last().map(Url::scheme);
    let unfollowed = match to.scheme() {
        "https" => None,
        "http" if from == Some("http") => None,
        _ => Some(Unfollowed::Scheme(to.clone())),
    };
    let unfollowed = unfollowed.or_else(|| {
        let circle = before.contains(to).then(|| Unfollowed::Circle(to.clone()));
        circle.or((before.len() > MOST_REDIRECTS).then_some(Unfollowed::TooMany(MOST_REDIRECTS)))
    });
    match unfollowed {
        Some(unfollowed) => attempt.error(unfollowed),
        None => attempt.follow(),
    }
}
