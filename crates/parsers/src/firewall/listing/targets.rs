//! What a target prints at the end of a listing's line, turned into its options.

use super::scan::Scan;
use super::words::Words;

/// Reads the rest of the line as the print of `target`. False when it does not begin as that target's prints do;
/// then nothing is taken.
pub(super) fn read(target: &str, scan: &mut Scan<'_>, words: &mut Words) -> bool {
    let (start, mark) = (scan.clone(), words.mark());
    let known = options(target, scan, words).is_some();
    if !known {
        *scan = start;
        words.reset(mark);
    }
    known
}

fn options(target: &str, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    match target {
        "REJECT" => {
            scan.expect("reject-with")?;
            words.pair(false, "--reject-with", scan.word()?);
        }
        "LOG" => {
            scan.expect("LOG")?;
            log(scan, words)?;
        }
        "DNAT" | "SNAT" | "NETMAP" => {
            let to = scan.word()?.strip_prefix("to:")?;
            let option = match target {
                "DNAT" => "--to-destination",
                "SNAT" => "--to-source",
                _ => "--to",
            };
            words.pair(false, option, to);
            flags(scan, words);
        }
        "MASQUERADE" | "REDIRECT" => {
            if scan.eat("masq") {
                scan.expect("ports:")?;
                words.pair(false, "--to-ports", scan.word()?);
            } else if scan.eat("redir") {
                scan.expect("ports")?;
                words.pair(false, "--to-ports", scan.word()?);
            } else if !scan.peek().starts_with("random") {
                return None;
            }
            flags(scan, words);
        }
        "MARK" | "CONNMARK" => {
            scan.expect(target)?;
            mark(target, scan, words)?;
        }
        "TPROXY" => {
            scan.expect("TPROXY")?;
            scan.expect("redirect")?;
            let (address, port) = scan.word()?.rsplit_once(':')?;
            words.pair(false, "--on-port", port);
            words.pair(false, "--on-ip", address.trim_matches(['[', ']']));
            if scan.eat("mark") {
                words.pair(false, "--tproxy-mark", scan.word()?);
            }
        }
        "CT" => {
            if scan.eat("NOTRACK") {
                words.option(false, "--notrack");
            } else {
                scan.expect("CT")?;
                while let Some(word) = scan.word() {
                    match word {
                        "notrack" => words.option(false, "--notrack"),
                        "zone" | "zone-orig" | "zone-reply" | "helper" | "ctevents" | "expevents" | "timeout" => {
                            words.pair(false, &format!("--{word}"), scan.word()?);
                        }
                        _ => return None,
                    }
                }
            }
        }
        "TCPMSS" => {
            scan.expect("TCPMSS")?;
            if scan.eat("clamp") {
                words.option(false, "--clamp-mss-to-pmtu");
                scan.eat("to");
                scan.eat("PMTU");
            } else {
                scan.expect("set")?;
                words.pair(false, "--set-mss", scan.word()?);
            }
        }
        "NFLOG" => {
            let mut any = false;
            loop {
                let begin = scan.clone();
                match scan.word() {
                    Some("nflog-prefix") => words.pair(false, "--nflog-prefix", scan.quoted(Some(" nflog-"))?),
                    Some(option) if option.starts_with("nflog-") => {
                        words.pair(false, &format!("--{option}"), scan.word()?);
                    }
                    _ => {
                        *scan = begin;
                        return any.then_some(());
                    }
                }
                any = true;
            }
        }
        "NFQUEUE" => {
            scan.expect("NFQUEUE")?;
            while let Some(word) = scan.word() {
                match word {
                    "num" => words.pair(false, "--queue-num", scan.word()?),
                    "balance" => words.pair(false, "--queue-balance", scan.word()?),
                    "bypass" | "cpu-fanout" => words.option(false, &format!("--queue-{word}")),
                    _ => return None,
                }
            }
        }
        _ => return other(target, scan, words),
    }
    Some(())
}

/// Targets that do not decide where a packet goes: their options matter to the reader only.
fn other(target: &str, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    let printed: &[(&str, &str)] = match target {
        "CHECKSUM" => &[("CHECKSUM fill", "--checksum-fill")],
        "CLASSIFY" => &[("CLASSIFY set", "--set-class")],
        "DSCP" => &[("DSCP set", "--set-dscp")],
        "TOS" => {
            &[("TOS set", "--set-tos"), ("TOS and", "--and-tos"), ("TOS or", "--or-tos"), ("TOS xor", "--xor-tos")]
        }
        "TTL" => &[("TTL set to", "--ttl-set"), ("TTL increment by", "--ttl-inc"), ("TTL decrement by", "--ttl-dec")],
        "HL" => &[("HL set to", "--hl-set"), ("HL increment by", "--hl-inc"), ("HL decrement by", "--hl-dec")],
        "AUDIT" => &[("AUDIT", "--type")],
        "TEE" => &[("TEE", "--gateway")],
        "TCPOPTSTRIP" => &[("TCPOPTSTRIP options", "--strip-options")],
        "SET" => &[("add-set", "--add-set"), ("del-set", "--del-set"), ("map-set", "--map-set")],
        "ECN" => &[("ECN TCP remove", "--ecn-tcp-remove")],
        "ULOG" | "IDLETIMER" | "RATEEST" | "SECMARK" | "CONNSECMARK" | "LED" | "TRACE" | "SYNPROXY" | "CLUSTERIP"
        | "HMARK" => &[],
        _ => return None,
    };
    for (begin, option) in printed {
        let start = scan.clone();
        if begin.split(' ').all(|word| scan.eat(word)) {
            words.option(false, option);
            for value in scan.until(|_| false).split_whitespace() {
                words.value(value.strip_prefix("gw:").unwrap_or(value));
            }
            return Some(());
        }
        *scan = start;
    }
    if !printed.is_empty() || scan.rest().is_empty() {
        return None;
    }
    let text = scan.until(|_| false);
    if text != target {
        words.shown(&format!("[{text}]"));
    }
    Some(())
}

/// `LOG flags 0 level 4 prefix "x: "`; old versions quote the prefix as `` `x: ' ``.
fn log(scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    loop {
        match scan.word() {
            None => return Some(()),
            Some("flags") => {
                let bits: u32 = scan.word()?.parse().ok()?;
                let flags = [
                    (1, "--log-tcp-sequence"),
                    (2, "--log-tcp-options"),
                    (4, "--log-ip-options"),
                    (8, "--log-uid"),
                    (32, "--log-macdecode"),
                ];
                for (_, option) in flags.iter().filter(|(bit, _)| bits & bit != 0) {
                    words.option(false, option);
                }
            }
            Some("level") => {
                let level = scan.word()?;
                if !matches!(level, "4" | "warning") {
                    words.pair(false, "--log-level", level);
                }
            }
            Some("prefix") => {
                let text = match scan.quoted(None) {
                    Some(text) => text,
                    None => scan.until(|_| false).trim_matches(['`', '\'']),
                };
                words.pair(false, "--log-prefix", text);
            }
            Some(flag @ ("tcp-sequence" | "tcp-options" | "ip-options" | "uid" | "macdecode")) => {
                words.option(false, &format!("--log-{flag}"));
            }
            Some(_) => return None,
        }
    }
}

fn flags(scan: &mut Scan<'_>, words: &mut Words) {
    while matches!(scan.peek(), "random" | "random-fully" | "persistent")
        && let Some(flag) = scan.word()
    {
        words.option(false, &format!("--{flag}"));
    }
}

/// `MARK xset 0x1/0xff`, `CONNMARK restore mask 0xff`, `CONNMARK save nfmask 0xff ctmask ~0xf0`.
fn mark(target: &str, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    let all = |value: &str| if value.contains('/') { value.to_owned() } else { format!("{value}/0xffffffff") };
    match scan.word()? {
        // Revision 0 clears the mask and ORs the value, and prints both.
        "set" => {
            let value = scan.word()?;
            let option = if value.contains('/') { "--set-mark" } else { "--set-xmark" };
            words.pair(false, option, &all(value));
        }
        "xset" => words.pair(false, "--set-xmark", &all(scan.word()?)),
        // iptables-save writes all of these as value and mask.
        operation @ ("and" | "or" | "xor") => {
            let bits = u32::from_str_radix(scan.word()?.strip_prefix("0x")?, 16).ok()?;
            let (value, mask) = match operation {
                "and" => (0, !bits),
                "or" => (bits, bits),
                _ => (bits, 0),
            };
            words.pair(false, "--set-xmark", &format!("{value:#x}/{mask:#x}"));
        }
        direction @ ("save" | "restore") if target == "CONNMARK" => {
            words.option(false, if direction == "save" { "--save-mark" } else { "--restore-mark" });
            let (mut nfmask, mut ctmask) = ("0xffffffff", "0xffffffff");
            while let Some(name) = scan.word() {
                // libxt_CONNMARK puts a tilde before the second mask, which is not inverted.
                let value = scan.word()?.trim_start_matches('~');
                match name {
                    "mask" => (nfmask, ctmask) = (value, value),
                    "nfmask" => nfmask = value,
                    "ctmask" => ctmask = value,
                    _ => return None,
                }
            }
            words.pair(false, "--nfmask", nfmask);
            words.pair(false, "--ctmask", ctmask);
        }
        _ => return None,
    }
    Some(())
}
