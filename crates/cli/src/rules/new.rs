//! `bundlescope rules new`.

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bundlescope_analysis::load;
use bundlescope_authoring::{Proposal, SignatureWish, rule, signature};
use bundlescope_report::plain;

use super::args::New;
use crate::{Failure, aside, packs, print, verbatim};

pub(crate) fn run(args: &New) -> Result<ExitCode, Failure> {
    let wish = asked(args)?;
    let proposal = match &wish.line {
        Some(line) => signature(&SignatureWish {
            id: wish.id.clone(),
            title: wish.title.clone(),
            event: args.event.clone(),
            line: line.clone(),
            healthy: args.healthy.clone(),
        })
        .map_err(Failure::usage)?,
        None => about_facts(args, &wish)?,
    };
    let remarks: Vec<String> = proposal.notes.iter().map(|note| format!("note: {}", plain(note))).collect();
    if args.dry_run {
        print(&verbatim(&proposal.text))?;
        remarks.iter().for_each(|remark| aside(remark));
        return Ok(ExitCode::SUCCESS);
    }
    let file = PathBuf::from(format!("{}.yaml", wish.id));
    let path = if args.dir == Path::new(".") { file } else { args.dir.join(file) };
    let problem = |error: std::io::Error| Failure::usage(format!("{}: cannot write: {error}", path.display()));
    fs::create_dir_all(&args.dir).map_err(problem)?;
    // An existing file is somebody's work.
    let mut file = File::create_new(&path).map_err(problem)?;
    file.write_all(proposal.text.as_bytes()).map_err(problem)?;
    let what = if wish.line.is_some() { "signature" } else { "rule" };
    let path = path.display();
    print(&format!("wrote the {what} {} to {path}\n", wish.id))?;
    for remark in &remarks {
        print(&format!("{remark}\n"))?;
    }
    print(&format!("next: bundlescope rules check {path}; bundlescope rules test {path}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// What is to be made.
struct Wish {
    id: String,
    title: Option<String>,
    line: Option<String>,
    kinds: Vec<String>,
}

/// The arguments, completed by questions on a terminal.
fn asked(args: &New) -> Result<Wish, Failure> {
    let mut wish = Wish {
        id: args.id.clone().unwrap_or_default(),
        title: args.title.clone(),
        line: args.from_log.clone(),
        kinds: args.facts.clone(),
    };
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if wish.id.is_empty() {
        if !terminal {
            return Err(Failure::usage("give the new rule an id: `bundlescope rules new ID --fact KIND`"));
        }
        wish.id = question("Id (lower-case letters, digits, dashes): ")?;
    }
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !wish.id.starts_with(|c: char| c.is_ascii_lowercase()) || !wish.id.chars().all(known) {
        return Err(Failure::usage(format!(
            "`{}` is no id: it begins with a lower-case letter and consists of lower-case letters, digits and dashes",
            wish.id
        )));
    }
    if wish.line.is_none() && wish.kinds.is_empty() {
        if !terminal {
            return Err(Failure::usage(
                "say what the rule is about: --fact KIND for a rule, --from-log LINE for a signature; \
                 `bundlescope facts BUNDLE` lists the kinds that a bundle holds",
            ));
        }
        let line = question("A line of a log, for a signature (empty for a rule about facts): ")?;
        if line.is_empty() {
            let kinds = question("Kinds of facts, as `bundlescope facts BUNDLE` lists them: ")?;
            wish.kinds = kinds.split([' ', ',']).filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
            if wish.kinds.is_empty() {
                return Err(Failure::usage("a rule needs a kind of fact"));
            }
        } else {
            wish.line = Some(line);
        }
        if wish.title.is_none() {
            let title = question("Title (empty to make one of the id): ")?;
            wish.title = (!title.is_empty()).then_some(title);
        }
    }
    Ok(wish)
}

fn question(text: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let asked = write!(std::io::stderr(), "{text}").and_then(|()| std::io::stderr().flush());
    asked.and_then(|()| std::io::stdin().read_line(&mut line)).map_err(Failure::usage)?;
    Ok(line.trim().to_owned())
}

fn about_facts(args: &New, wish: &Wish) -> Result<Proposal, Failure> {
    let rules = packs::load(&args.packs)?;
    let facts = match &args.bundle {
        None => Vec::new(),
        Some(bundle) => {
            let options = bundlescope_analysis::Options::default();
            load(&crate::analyze::input(bundle), &rules, &options).map_err(Failure::unreadable)?.facts
        }
    };
    rule(&wish.id, wish.title.as_deref(), &wish.kinds, rules.pack(), &facts).map_err(Failure::usage)
}
