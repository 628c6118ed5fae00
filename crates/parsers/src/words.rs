//! Reading the words of a line: addresses, networks, numbers, columns.

use std::net::IpAddr;
use std::str::FromStr;

use bundlescope_facts::Text;
use ipnet::IpNet;

/// An address, also in brackets, with a zone (`fe80::1%eth0`) or with the prefix that `sos clean` adds. IPv4 addresses
/// in IPv6 form (`::ffff:10.0.0.1`) are what they mean.
pub(crate) fn address(word: &str) -> Option<IpAddr> {
    let word = word.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(word);
    let word = word.split(['/', '%']).next().unwrap_or(word);
    word.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// A network with bits behind the prefix cleared; an address alone is a network of one.
pub(crate) fn network(word: &str) -> Option<IpNet> {
    match word.split_once('/') {
        Some((address, prefix)) => IpNet::new(address.parse().ok()?, prefix.parse().ok()?).ok().map(|net| net.trunc()),
        None => word.parse::<IpAddr>().ok().map(IpNet::from),
    }
}

/// The default destination of a family.
pub(crate) fn default_network(v6: bool) -> IpNet {
    if v6 { IpNet::V6(ipnet::Ipv6Net::default()) } else { IpNet::V4(ipnet::Ipv4Net::default()) }
}

/// A hardware address, lower case with colons; `None` for anything else.
pub(crate) fn mac(word: &str) -> Option<Text> {
    let parts = word.split(['-', ':']);
    let good = parts.clone().count() >= 6
        && parts.clone().all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()));
    good.then(|| Text::from(word.to_ascii_lowercase().replace('-', ":")))
}

/// A number, decimal or with `0x`.
pub(crate) fn number<T: FromStr + TryFrom<u64>>(word: &str) -> Option<T> {
    match word.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok().and_then(|number| T::try_from(number).ok()),
        None => word.parse().ok(),
    }
}

/// Words that may be looked at before they are taken.
#[derive(Debug, Clone)]
pub(crate) struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    /// The words of a line.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text.trim_ascii() }
    }

    /// The next word, left in place.
    pub(crate) fn peek(&self) -> Option<&'a str> {
        self.clone().next()
    }

    /// Takes the next word when it is this one.
    pub(crate) fn eat(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        if found {
            self.next();
        }
        found
    }

    /// What has not been taken.
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_ascii_start();
        (!word.is_empty()).then_some(word)
    }
}

/// True when most of the first lines that hold anything are of this form, and at least one is. Forty lines tell.
pub(crate) fn most_lines(head: &str, matches: impl Fn(&str) -> bool) -> bool {
    let (mut good, mut all) = (0usize, 0usize);
    for line in head.lines().map(str::trim_ascii_end).filter(|line| !line.is_empty()).take(40) {
        all += 1;
        good += usize::from(matches(line));
    }
    good > 0 && good * 4 >= all * 3
}

/// How a subject begins: its first words, a path before the program and options in between ignored. `ip -s -d link
/// show` begins with `ip link`.
pub(crate) fn subject_is(subject: &str, words: &[&str]) -> bool {
    let mut said = subject.split_ascii_whitespace().filter(|word| !word.starts_with('-'));
    let Some((program, rest)) = words.split_first() else { return false };
    let named = said.next().is_some_and(|first| first == *program || first.rsplit('/').next() == Some(program));
    named && rest.iter().all(|word| said.next() == Some(word))
}
