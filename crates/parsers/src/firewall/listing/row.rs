//! One rule line of a listing, split into its columns.

/// Which columns the header line announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Columns {
    /// `num`, of `--line-numbers`.
    pub(super) number: bool,
    /// `pkts bytes`, of `-v`.
    pub(super) counters: bool,
    /// `in out`, of `-v`.
    pub(super) interfaces: bool,
}

impl Columns {
    /// Reads a header line: ` pkts bytes target     prot opt in     out     source               destination`.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let mut columns = Self::default();
        let mut word = words.next()?;
        if word == "num" {
            columns.number = true;
            word = words.next()?;
        }
        if word == "pkts" {
            columns.counters = true;
            (words.next()? == "bytes").then_some(())?;
            word = words.next()?;
        }
        if word != "target" || words.next()? != "prot" {
            return None;
        }
        for word in words {
            match word {
                "in" => columns.interfaces = true,
                "opt" | "out" | "source" | "destination" => {}
                _ => return None,
            }
        }
        Some(columns)
    }
}

/// The columns of a rule as printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Row<'a> {
    pub(super) number: Option<u32>,
    pub(super) packets: Option<u64>,
    pub(super) bytes: Option<u64>,
    /// Empty for a rule that only counts.
    pub(super) target: &'a str,
    pub(super) protocol: &'a str,
    /// `--`, `-f`, `!f`; empty where ip6tables prints nothing.
    pub(super) fragments: &'a str,
    pub(super) in_interface: Option<&'a str>,
    pub(super) out_interface: Option<&'a str>,
    pub(super) source: &'a str,
    pub(super) destination: &'a str,
    /// What the match modules and the target print.
    pub(super) details: &'a str,
}

/// Takes words from the front and keeps the text behind them.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    fn peek(&self, count: usize) -> Option<&'a str> {
        self.0.split_whitespace().nth(count)
    }
}

impl<'a> Row<'a> {
    /// Splits a line; the error says which column is missing.
    pub(super) fn read(line: &'a str, columns: Columns) -> Result<Self, &'static str> {
        let mut row = Self::default();
        let mut words = Words(line);
        if columns.number {
            row.number = Some(words.next().and_then(|word| word.parse().ok()).ok_or("a rule number")?);
        }
        if columns.counters {
            row.packets = Some(words.next().and_then(counter).ok_or("a number of packets")?);
            row.bytes = Some(words.next().and_then(counter).ok_or("a number of bytes")?);
        }
        // A rule without a target leaves its column blank; the `opt` column behind protocol tells where that is.
        let is_option = |word: Option<&str>| word.is_some_and(|word| matches!(word, "--" | "-f" | "!f"));
        let blank_target = if is_option(words.peek(1)) && !is_option(words.peek(2)) {
            true
        } else if is_option(words.peek(2)) {
            false
        } else {
            // ip6tables prints no option; the target stands one blank behind the counters and at the line's start
            // or behind four columns of number without them.
            let gap = words.0.len() - words.0.trim_start().len();
            gap > if columns.counters {
                1
            } else if columns.number {
                4
            } else {
                0
            }
        };
        if !blank_target {
            row.target = words.next().ok_or("a target")?;
        }
        row.protocol = words.next().ok_or("a protocol")?;
        if is_option(words.peek(0)) {
            row.fragments = words.next().unwrap_or_default();
        }
        if columns.interfaces {
            row.in_interface = Some(words.next().ok_or("an input interface")?);
            row.out_interface = Some(words.next().ok_or("an output interface")?);
        }
        row.source = words.next().ok_or("a source")?;
        row.destination = words.next().ok_or("a destination")?;
        row.details = words.0.trim();
        Ok(row)
    }
}

/// `1234`, and `123K`, `4567M`, `89G`, `1T` as iptables shortens numbers above 99999 without `-x`, in powers of 1000.
pub(super) fn counter(word: &str) -> Option<u64> {
    let (digits, factor) = match word.as_bytes().last()? {
        b'K' => (&word[..word.len() - 1], 1_000),
        b'M' => (&word[..word.len() - 1], 1_000_000),
        b'G' => (&word[..word.len() - 1], 1_000_000_000),
        b'T' => (&word[..word.len() - 1], 1_000_000_000_000),
        _ => (word, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, line: &'static str) -> Row<'static> {
        Row::read(line, Columns::read(header).unwrap()).unwrap()
    }

    #[test]
    fn columns_follow_the_header() {
        let verbose = " pkts bytes target     prot opt in     out     source               destination         ";
        let row = read(
            verbose,
            "  12M  345G DOCKER-ISOLATION-STAGE-2  !6    -f  docker0 !docker0  0.0.0.0/0           !10.0.0.0/8           x  y ",
        );
        assert_eq!((row.packets, row.bytes), (Some(12_000_000), Some(345_000_000_000)));
        assert_eq!((row.target, row.protocol, row.fragments), ("DOCKER-ISOLATION-STAGE-2", "!6", "-f"));
        assert_eq!((row.in_interface, row.out_interface), (Some("docker0"), Some("!docker0")));
        assert_eq!((row.source, row.destination, row.details), ("0.0.0.0/0", "!10.0.0.0/8", "x  y"));
    }

    #[test]
    fn a_rule_may_have_no_target_and_ip6tables_no_option() {
        let plain = "num  target     prot opt source               destination";
        let row = read(plain, "1               tcp  --  anywhere             anywhere");
        assert_eq!((row.target, row.protocol, row.source), ("", "tcp", "anywhere"));
        let row = read(plain, "1    ACCEPT     tcp      anywhere             anywhere             tcp dpt:ssh");
        assert_eq!((row.target, row.protocol, row.details), ("ACCEPT", "tcp", "tcp dpt:ssh"));
        let verbose = " pkts bytes target     prot opt in     out     source               destination         ";
        let row =
            read(verbose, "    0     0            all      *      *       ::/0                 ::/0                ");
        assert_eq!((row.target, row.protocol, row.destination), ("", "all", "::/0"));
    }

    #[test]
    fn a_line_that_is_cut_off_says_what_is_missing() {
        let columns = Columns { counters: true, interfaces: true, number: false };
        assert_eq!(Row::read("    0     0 ACCEPT     6    --  lo", columns), Err("an output interface"));
        assert_eq!(Row::read("    0 ", columns), Err("a number of bytes"));
    }
}
