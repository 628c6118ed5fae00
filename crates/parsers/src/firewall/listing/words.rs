//! A rule that is put together again in the words of iptables-save.

use bundlescope_facts::Text;
use bundlescope_facts::firewall::Test;

/// Options in the order in which iptables-save writes them.
///
/// There are two texts, since a listing may say what the options of iptables cannot: the one that is shown, and the
/// one that is taken apart, in which a [`Test::Unknowable`] stands for the rest.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// What a report shows, without `-A CHAIN`.
    pub(super) text: String,
    /// What `parse_rule_spec` reads.
    pub(super) spec: String,
    /// What only `text` says.
    pub(super) unknowable: Vec<Test>,
    /// The module that was loaded last.
    module: &'static str,
}

/// The ends of both texts at some time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    text: usize,
    spec: usize,
    unknowable: usize,
    module: &'static str,
}

impl Words {
    /// An option, perhaps behind `!`.
    pub(super) fn option(&mut self, negated: bool, name: &str) {
        if negated {
            self.push("!");
        }
        self.push(name);
    }

    /// An option with a value.
    pub(super) fn pair(&mut self, negated: bool, name: &str, value: &str) {
        self.option(negated, name);
        self.value(value);
    }

    /// A value that may be written as `!VALUE`.
    pub(super) fn maybe_negated(&mut self, name: &str, value: &str) {
        match value.strip_prefix('!') {
            Some(value) => self.pair(true, name, value.trim_start()),
            None => self.pair(false, name, value),
        }
    }

    /// A value of the option before it.
    pub(super) fn value(&mut self, value: &str) {
        let quoted = quote(value);
        self.push(&quoted);
    }

    /// `-m MODULE`, unless the words before it belong to the same module.
    pub(super) fn module(&mut self, module: &'static str) {
        if self.module != module {
            self.push("-m");
            self.push(module);
            self.module = module;
        }
    }

    /// `-m MODULE` anew: what follows is another instance of the module.
    pub(super) fn new_module(&mut self, module: &'static str) {
        self.module = "";
        self.module(module);
    }

    /// Something that the options of iptables cannot say, or whose value is not known.
    pub(super) fn unknowable(&mut self, module: &str, text: &str) {
        self.shown(text);
        self.unknowable.push(Test::Unknowable { module: module.into(), text: Text::from(text) });
    }

    /// Words of the listing that no option stands for and that decide nothing.
    pub(super) fn shown(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }

    /// Where the texts end now, for [`Words::reset`].
    pub(super) fn mark(&self) -> Mark {
        Mark { text: self.text.len(), spec: self.spec.len(), unknowable: self.unknowable.len(), module: self.module }
    }

    /// Takes back everything since the mark.
    pub(super) fn reset(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.spec.truncate(mark.spec);
        self.unknowable.truncate(mark.unknowable);
        self.module = mark.module;
    }

    fn push(&mut self, word: &str) {
        for text in [&mut self.text, &mut self.spec] {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
    }
}

/// The name that iptables-save writes for a protocol number (iptables' xshared.c, `xtables_chain_protos`), and 112
/// from /etc/protocols; other numbers and names stay as they are.
pub(in crate::firewall) fn protocol(printed: &str) -> &str {
    match printed {
        "1" => "icmp",
        "2" => "igmp",
        "4" => "ipencap",
        "6" => "tcp",
        "17" => "udp",
        "33" => "dccp",
        "41" => "ipv6",
        "47" => "gre",
        "50" => "esp",
        "51" => "ah",
        "58" => "ipv6-icmp",
        "89" => "ospf",
        "112" => "vrrp",
        "132" => "sctp",
        "136" => "udplite",
        other => other,
    }
}

/// Quotes as iptables-save does: double quotes, a backslash before quotes and backslashes.
fn quote(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_./:,=+*%@#[]<>&~^-".contains(c);
    if !value.is_empty() && !value.starts_with('-') && value.chars().all(plain) {
        return value.to_owned();
    }
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
