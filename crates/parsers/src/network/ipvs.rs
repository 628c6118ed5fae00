//! `ipvsadm -Ln` and /proc/net/ip_vs: what Swarm's ingress and kube-proxy balance.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bundlescope_facts::{RealServer, VirtualServer};

use super::ports::{Port, port};
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static IPVS: Format =
    Format { name: "ipvsadm", collect: "ipvsadm -Ln", kinds: &["virtual_server", "real_server"], detect, parse };

fn is_header(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("IP Virtual Server version")
        || line.starts_with("Prot LocalAddress:Port")
        || line.starts_with("-> RemoteAddress:Port")
}

fn detect(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(is_header);
    Match::of(content, words::subject_is(hint.subject, &["ipvsadm"]) || hint.subject == "/proc/net/ip_vs")
}

/// `10.0.0.1:80`, `[fd00::1]:80`; in hexadecimal digits in /proc.
fn end(word: &str) -> Option<(IpAddr, u16)> {
    let (address, port_word) = word.rsplit_once(':')?;
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    if bare.len() == 8 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) && port_word.len() == 4 {
        let address = Ipv4Addr::from(u32::from_str_radix(bare, 16).ok()?);
        return Some((address.into(), u16::from_str_radix(port_word, 16).ok()?));
    }
    if let (Ok(address), 4) = (bare.parse::<Ipv6Addr>(), port_word.len())
        && address.segments().iter().filter(|part| **part == 0).count() < 8
        && bare.len() == 39
    {
        return Some((address.into(), u16::from_str_radix(port_word, 16).ok()?));
    }
    let Port::Number(number) = port(port_word) else { return None };
    Some((words::address(bare)?, number))
}

fn virtual_server(text: &str) -> Option<VirtualServer> {
    let mut words = text.split_ascii_whitespace();
    let proto = words.next().filter(|word| matches!(*word, "TCP" | "UDP" | "SCTP" | "FWM"))?;
    let which = words.next()?;
    let scheduler = words.next()?;
    let mut found =
        VirtualServer { proto: proto.to_ascii_lowercase().into(), scheduler: scheduler.into(), ..Default::default() };
    if proto == "FWM" {
        // /proc prints it in hexadecimal digits.
        found.mark = Some(if which.len() == 8 { u32::from_str_radix(which, 16).ok()? } else { which.parse().ok()? });
    } else {
        let (address, port) = end(which)?;
        (found.address, found.port) = (Some(address), Some(port));
    }
    found.flags = words.map(Into::into).collect();
    Some(found)
}

fn real_server(text: &str, of: &VirtualServer) -> Option<RealServer> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let ["->", server, forward, weight, active, inactive] = words.as_slice() else { return None };
    let (address, port) = end(server)?;
    Some(RealServer {
        proto: of.proto.clone(),
        virtual_address: of.address,
        virtual_port: of.port,
        mark: of.mark,
        address: Some(address),
        port: Some(port),
        forward: (*forward).into(),
        weight: weight.parse().ok()?,
        active: active.parse().ok()?,
        inactive: inactive.parse().ok()?,
        container: of.container.clone(),
    })
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, VirtualServer)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_header(line.text)) {
        if line.text.trim_start().starts_with("->") {
            match open.as_ref().and_then(|(first, of)| Some((*first, real_server(line.text, of)?))) {
                Some((first, found)) => parsed.fact(document, first, line, found),
                None => parsed.problem(
                    document,
                    line.number,
                    "expected a server with its numbers below a virtual service; collect with `ipvsadm -Ln`",
                ),
            }
        } else if let Some(found) = virtual_server(line.text) {
            let found = VirtualServer { container: document.container.clone(), ..found };
            parsed.line_fact(document, line, found.clone());
            open = Some((line, found));
        } else {
            open = None;
            parsed.problem(document, line.number, "expected a virtual service; collect with `ipvsadm -Ln`");
        }
    }
    parsed
}
