//! Parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(exit) = parlab::experiments::spawned() {
        return exit;
    }
    let typed: Vec<_> = std::env::args_os().collect();
    match parlab::cli::parse(typed) {
        Ok(command) => ExitCode::from(parlab::app::run(command)),
        Err(usage) => {
            // Help goes to stdout, a wrong use to stderr; a closed pipe is no fault of ours.
            let _ = usage.print();
            ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2))
        }
    }
}
