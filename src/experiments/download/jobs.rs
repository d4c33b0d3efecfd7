//! What is to be fetched: pictures of the server of the lesson, or the addresses that were given.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;

use anyhow::Result;
use reqwest::Url;

use super::fault::Fault;
use super::name;
use super::picture;
use super::server::Server;
use super::transfer::Job;
use crate::event::{ErrorKind, Params, TransferFault};
use crate::experiments::failure::Failure;

/// The longest list of addresses, in bytes.
const LONGEST_LIST: u64 = 1 << 20;

/// The first `count` pictures of the server.
pub fn pictures(server: &Server, count: u32) -> Vec<Job> {
    (1..=count).map(|number| of_server(server, &picture::name(number))).collect()
}

/// A file of the server, called by its name.
pub fn of_server(server: &Server, name: &str) -> Job {
    Job { label: name.to_string(), ..job(&server.address(name), None) }
}

/// A file at an address, which is what it is called by.
pub fn at(address: &str) -> Job {
    job(address, None)
}

/// The addresses of `--url` and then those of `--urls`; none if neither was given. One that is no
/// address, or whose file would have the name of another one's, is there with its fault.
///
/// # Errors
/// [`ErrorKind::AddressList`] when the list cannot be read, or there is no address at all in it.
pub fn given(params: &Params) -> Result<Option<Vec<Job>>> {
    let typed = params.url.iter().flatten();
    let mut jobs: Vec<Job> = typed.map(|address| at(address)).collect();
    if let Some(path) = &params.urls {
        jobs.extend(of_list(path, &read_list(path)?)?);
    }
    refuse_repeated_names(&mut jobs);
    Ok((!jobs.is_empty()).then_some(jobs))
}

fn job(text: &str, place: Option<String>) -> Job {
    let fault = |why: String| {
        let place = place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        Fault::new(TransferFault::BadAddress, format!("{place}{why}"))
    };
    let address = match Url::parse(text) {
        Ok(address) if ["http", "https"].contains(&address.scheme()) => Ok(address),
        Ok(address) => Err(fault(format!("{}:", address.scheme()))),
        Err(error) => Err(fault(error.to_string())),
    };
    let name = address.as_ref().map(name::of_address).unwrap_or_default();
    Job { label: text.to_string(), name, address }
}

/// The list as text: an address a line, blank lines, and comments after `#` at the beginning of a line.
fn of_list(path: &str, text: &str) -> Result<Vec<Job>> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let jobs: Vec<Job> =
        lines.map(|(index, line)| job(line, Some(format!("{path}:{}", index + 1)))).collect();
    match jobs.is_empty() {
        true => Err(unusable(path, "0").into()),
        false => Ok(jobs),
    }
}

fn read_list(path: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|f| f.take(LONGEST_LIST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(unusable(path, &error.to_string()).into()),
        Ok(_) if bytes.len() as u64 > LONGEST_LIST => {
            Err(unusable(path, &format!("> {} MiB", LONGEST_LIST >> 20)).into())
        }
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

fn unusable(path: &str, detail: &str) -> Failure {
    Failure { kind: ErrorKind::AddressList, what: path.to_string(), detail: detail.to_string() }
}

/// The first file of a name has it; without regard to case, as some file systems have none.
pub fn refuse_repeated_names(jobs: &mut [Job]) {
    let mut names = BTreeSet::new();
    for job in jobs.iter_mut().filter(|job| job.address.is_ok()) {
        if !names.insert(job.name.to_lowercase()) {
            job.address = Err(Fault::new(TransferFault::SameName, job.name.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_blank_lines_comments_and_the_line_ends_of_windows() {
        let text = "\u{feff}http://a/1.jpg\r\n\r\n  # two more\r\n\thttp://a/2.jpg \nhttp//a\n";
        let jobs = of_list("list", text).unwrap();
        let labels: Vec<&str> = jobs.iter().map(|job| job.label.as_str()).collect();
        assert_eq!(labels, ["http://a/1.jpg", "http://a/2.jpg", "http//a"]);
        let fault = jobs[2].address.clone().unwrap_err();
        assert_eq!(fault.kind, TransferFault::BadAddress);
        assert!(fault.detail.unwrap().starts_with("list:5: "));
        assert!(of_list("list", "# nothing\n\n").is_err());
    }

    #[test]
    fn the_second_file_of_a_name_is_refused() {
        let mut jobs = ["http://a/x.jpg", "http://b/X.jpg", "file:///x.jpg"].map(at).to_vec();
        refuse_repeated_names(&mut jobs);
        let faults: Vec<_> =
            jobs.into_iter().map(|job| job.address.err().map(|f| f.kind)).collect();
        let expected = [None, Some(TransferFault::SameName), Some(TransferFault::BadAddress)];
        assert_eq!(faults, expected);
    }
}
