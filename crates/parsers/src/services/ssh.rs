//! sshd_config(5), ssh_config(5) and their drop-ins, and what `sshd -T` and `ssh -G` print; OpenSSH 5 to 10.

use bundlescope_facts::{SshSetting, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static SSH_CONFIG: Format = Format {
    name: "ssh-config",
    collect: "cat /etc/ssh/sshd_config /etc/ssh/ssh_config",
    kinds: &["ssh_setting"],
    detect,
    parse,
};

/// Keywords that only the server has.
const SERVER: &[&str] = &[
    "acceptenv",
    "allowagentforwarding",
    "allowgroups",
    "allowstreamlocalforwarding",
    "allowtcpforwarding",
    "allowusers",
    "authenticationmethods",
    "authorizedkeyscommand",
    "authorizedkeyscommanduser",
    "authorizedkeysfile",
    "authorizedprincipalscommand",
    "authorizedprincipalscommanduser",
    "authorizedprincipalsfile",
    "banner",
    "channeltimeout",
    "chrootdirectory",
    "clientalivecountmax",
    "clientaliveinterval",
    "denygroups",
    "denyusers",
    "disableforwarding",
    "exposeauthinfo",
    "exposeauthenticationmethods",
    "x11maxdisplays",
    "forcecommand",
    "gssapicleanupcredentials",
    "gssapistorecredentialsonrekey",
    "gssapistrictacceptorcheck",
    "gssapienablek5users",
    "hostbasedusesnamefrompacketonly",
    "hostcertificate",
    "hostkey",
    "hostkeyagent",
    "ignorerhosts",
    "ignoreuserknownhosts",
    "kerberosauthentication",
    "kerberosgetafstoken",
    "kerberosorlocalpasswd",
    "kerberosticketcleanup",
    "kerberosusekuserok",
    "kerberosuniqueccache",
    "keyregenerationinterval",
    "listenaddress",
    "logingracetime",
    "match",
    "maxauthtries",
    "maxsessions",
    "maxstartups",
    "modulifile",
    "passwordauthentication",
    "permitemptypasswords",
    "permitlisten",
    "permitopen",
    "permitrootlogin",
    "permittty",
    "permittunnel",
    "permituserenvironment",
    "permituserrc",
    "persourcemaxstartups",
    "persourcenetblocksize",
    "persourcepenalties",
    "persourcepenaltyexemptlist",
    "pidfile",
    "port",
    "printlastlog",
    "printmotd",
    "protocol",
    "pubkeyauthoptions",
    "requiredrsasize",
    "revokedkeys",
    "rsaauthentication",
    "rhostsrsaauthentication",
    "serverkeybits",
    "setenv",
    "showpatchlevel",
    "securitykeyprovider",
    "sshdsessionpath",
    "sshdauthpath",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "strictmodes",
    "subsystem",
    "syslogfacility",
    "trustedusercakeys",
    "unusedconnectiontimeout",
    "usedns",
    "uselogin",
    "usepam",
    "useprivilegeseparation",
    "versionaddendum",
    "x11displayoffset",
    "x11forwarding",
    "x11uselocalhost",
    "xauthlocation",
    "debianbanner",
    "refuseconnection",
];

/// Keywords that the client has, and those that both have.
const CLIENT: &[&str] = &[
    "addkeystoagent",
    "addressfamily",
    "batchmode",
    "bindaddress",
    "bindinterface",
    "canonicaldomains",
    "canonicalizefallbacklocal",
    "canonicalizehostname",
    "canonicalizemaxdots",
    "canonicalizepermittedcnames",
    "casignaturealgorithms",
    "certificatefile",
    "challengeresponseauthentication",
    "checkhostip",
    "ciphers",
    "cipher",
    "clearallforwardings",
    "compression",
    "compressionlevel",
    "connectionattempts",
    "connecttimeout",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "dynamicforward",
    "enableescapecommandline",
    "enablesshkeysign",
    "escapechar",
    "exitonforwardfailure",
    "fingerprinthash",
    "forkafterauthentication",
    "forwardagent",
    "forwardx11",
    "forwardx11timeout",
    "forwardx11trusted",
    "gatewayports",
    "globalknownhostsfile",
    "gssapiauthentication",
    "gssapiclientidentity",
    "gssapidelegatecredentials",
    "gssapikexalgorithms",
    "gssapikeyexchange",
    "gssapirenewalforcesrekey",
    "gssapiserveridentity",
    "gssapitrustdns",
    "hashknownhosts",
    "host",
    "hostbasedacceptedalgorithms",
    "hostbasedacceptedkeytypes",
    "hostbasedauthentication",
    "hostbasedkeytypes",
    "hostkeyalgorithms",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "ignoreunknown",
    "include",
    "ipqos",
    "kbdinteractiveauthentication",
    "kbdinteractivedevices",
    "kexalgorithms",
    "knownhostscommand",
    "localcommand",
    "localforward",
    "loglevel",
    "logverbose",
    "macs",
    "match",
    "nohostauthenticationforlocalhost",
    "numberofpasswordprompts",
    "obscurekeystroketiming",
    "passwordauthentication",
    "permitlocalcommand",
    "permitremoteopen",
    "pkcs11provider",
    "port",
    "preferredauthentications",
    "protocol",
    "proxycommand",
    "proxyjump",
    "proxyusefdpass",
    "pubkeyacceptedalgorithms",
    "pubkeyacceptedkeytypes",
    "pubkeyauthentication",
    "rekeylimit",
    "remotecommand",
    "remoteforward",
    "requesttty",
    "requiredrsasize",
    "revokedhostkeys",
    "rhostsrsaauthentication",
    "rsaauthentication",
    "securitykeyprovider",
    "sendenv",
    "serveralivecountmax",
    "serveraliveinterval",
    "sessiontype",
    "setenv",
    "skeyauthentication",
    "stdinnull",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "stricthostkeychecking",
    "syslogfacility",
    "tag",
    "tcpkeepalive",
    "tunnel",
    "tunneldevice",
    "updatehostkeys",
    "useprivilegedport",
    "user",
    "userknownhostsfile",
    "usekeychain",
    "verifyhostkeydns",
    "versionaddendum",
    "visualhostkey",
    "warnweakcrypto",
    "channeltimeout",
    "xauthlocation",
];

/// Keyword in lower case and its arguments: `Port 22`, `Port=22`, `Port = 22`.
fn setting(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    let end = line.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim();
    let key = key.to_ascii_lowercase();
    (SERVER.contains(&key.as_str()) || CLIENT.contains(&key.as_str())).then_some((key, rest))
}

fn lines(head: &str) -> impl Iterator<Item = &str> {
    head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The program of a document: by its name, else by the keywords that only one of them has.
fn program(subject: &str, head: &str) -> Option<&'static str> {
    if subject.contains("sshd_config") || words::subject_is(subject, &["sshd"]) {
        return Some("sshd");
    }
    if subject.contains("ssh_config") || subject.ends_with(".ssh/config") || words::subject_is(subject, &["ssh"]) {
        return Some("ssh");
    }
    let (mut server, mut client) = (0, 0);
    for (key, _) in lines(head).filter_map(setting) {
        match (SERVER.contains(&key.as_str()), CLIENT.contains(&key.as_str())) {
            (true, false) => server += 1,
            (false, true) => client += 1,
            _ => {}
        }
    }
    match (server, client) {
        (0, 0) => None,
        _ if server >= client => Some("sshd"),
        _ => Some("ssh"),
    }
}

fn detect(hint: &Hint<'_>) -> Match {
    let named = hint.subject.contains("ssh_config")
        || hint.subject.contains("sshd_config")
        || hint.subject.ends_with(".ssh/config")
        || words::subject_is(hint.subject, &["sshd"])
        || words::subject_is(hint.subject, &["ssh"]) && hint.subject.contains(" -G");
    let known = lines(hint.head).filter(|line| setting(line).is_some_and(|(_, value)| !value.is_empty())).count();
    let all = lines(hint.head).count();
    // `Host`, `Port`, `User` and `Match` are words of everyone.
    let own = lines(hint.head)
        .filter_map(setting)
        .filter(|(key, _)| key.len() > 8 && !matches!(key.as_str(), "listenaddress" | "compression"))
        .count();
    // A mistake in a file of many known keywords is a mistake, not another format.
    let content = own >= 2 && (known == all || own >= 6 && known * 5 >= all * 4);
    if named && known > 0 { Match::Both } else { Match::of(content, named) }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let head =
        crate::identify::valid_prefix(document.bytes.get(..document.bytes.len().min(64 << 10)).unwrap_or_default());
    let program = program(&document.subject, head).unwrap_or("sshd");
    let mut scope: Option<Text> = None;
    for line in document.lines() {
        let text = line.text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match setting(text) {
            Some((key, value)) if !value.is_empty() => {
                // Behind arguments a comment may stand, a blank before its sign.
                let value = value.split(" #").next().unwrap_or(value).trim_end();
                if key == "match" || key == "host" && program == "ssh" {
                    let word = if key == "match" { "Match" } else { "Host" };
                    scope = Some(format!("{word} {value}").into());
                    continue;
                }
                let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
                let data =
                    SshSetting { program: program.into(), scope: scope.clone(), key: key.into(), value: value.into() };
                parsed.line_fact(document, line, data);
            }
            // `sshd -T` prints keywords in lower case, also those without a value.
            Some((key, _)) if text == key => {
                let data =
                    SshSetting { program: program.into(), scope: scope.clone(), key: key.into(), value: "".into() };
                parsed.line_fact(document, line, data);
            }
            _ => parsed.problem(
                document,
                line.number,
                "expected a keyword of sshd_config or ssh_config and its value; line skipped",
            ),
        }
    }
    parsed
}
