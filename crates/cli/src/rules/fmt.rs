//! `bundlescope rules fmt`.

use std::fmt::Write;
use std::fs;
use std::process::ExitCode;

use bundlescope_report::plain;
use bundlescope_rules::format;

use super::args::Fmt;
use crate::packs::count;
use crate::{Failure, packs, print};

pub(crate) fn run(args: &Fmt) -> Result<ExitCode, Failure> {
    let mut out = String::new();
    let (mut changed, mut refused, mut all) = (0, 0, 0);
    for path in &args.paths {
        let mut source = packs::read(path)?;
        source.files.sort_by(|a, b| a.path.cmp(&b.path));
        for file in source.files {
            all += 1;
            // Writing to a string cannot fail.
            match format(&file.text) {
                Ok(text) if text == file.text => {}
                Ok(text) => {
                    changed += 1;
                    let _ = writeln!(out, "{}{}", file.path, if args.check { " is laid out otherwise" } else { "" });
                    if !args.check {
                        fs::write(&file.path, text)
                            .map_err(|error| Failure::usage(format!("{}: cannot write: {error}", file.path)))?;
                    }
                }
                Err(error) => {
                    refused += 1;
                    let _ = writeln!(out, "{}: left as it is: {error}", file.path);
                }
            }
        }
    }
    let would = if args.check { "would be laid out anew" } else { "laid out anew" };
    let _ = writeln!(out, "{changed} of {} {would}", count(all, "file"));
    print(&plain(&out))?;
    Ok(ExitCode::from(if refused > 0 || (args.check && changed > 0) { 4 } else { 0 }))
}
