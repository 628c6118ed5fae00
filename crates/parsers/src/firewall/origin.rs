//! What a path or a line of a document says of the iptables command that was run: table, family, backend.

use bundlescope_facts::{Backend, Family};

/// The five tables of iptables.
pub(super) const TABLES: &[&str] = &["filter", "nat", "mangle", "raw", "security"];

/// What is known of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Origin {
    /// The table that is named.
    pub(super) table: Option<&'static str>,
    /// The family that is named; `iptables` alone names IPv4.
    pub(super) family: Option<Family>,
    /// `iptables-legacy`, `iptables-nft`.
    pub(super) backend: Option<Backend>,
}

/// Reads a path, a prompt with a command, or a heading such as `Table: nat`.
pub(super) fn read(text: &str) -> Origin {
    let mut origin = Origin::default();
    // Folders above the command's own are named after hosts, and hosts are called `nat-gw` or `k3-legacy`.
    let command = [text.find("iptables"), text.find("ip6tables")].into_iter().flatten().min().unwrap_or(0);
    let start = text.get(..command).and_then(|before| before.rfind('/')).unwrap_or(0);
    let words =
        text.get(start..).unwrap_or(text).split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    for word in words {
        match word {
            "ip6tables" | "ipv6" | "IPv6" => origin.family = Some(Family::Ip6),
            "iptables" | "ipv4" | "IPv4" => origin.family = origin.family.or(Some(Family::Ip)),
            "legacy" => origin.backend = Some(Backend::Legacy),
            "nft" => origin.backend = Some(Backend::Nft),
            _ => {
                // `-tnat` and `iptables_nat.txt` name a table as well.
                let bare = word.strip_prefix('t').filter(|rest| TABLES.contains(rest)).unwrap_or(word);
                let lower = bare.to_ascii_lowercase();
                if let Some(table) = TABLES.iter().find(|table| **table == lower) {
                    // A path may go through a folder of that name; the last word is the nearest.
                    origin.table = Some(table);
                }
            }
        }
    }
    origin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_headings_name_the_table() {
        let read = |text| {
            let origin = read(text);
            (origin.table, origin.family, origin.backend)
        };
        assert_eq!(read("sos_commands/firewall_tables/iptables_-t_nat_-nvL"), (Some("nat"), Some(Family::Ip), None));
        assert_eq!(read("ip6tables_-vnxL"), (None, Some(Family::Ip6), None));
        assert_eq!(read("05-iptables-nat.txt"), (Some("nat"), Some(Family::Ip), None));
        assert_eq!(read("Table: mangle"), (Some("mangle"), None, None));
        assert_eq!(read("$ iptables-legacy -tmangle -L"), (Some("mangle"), Some(Family::Ip), Some(Backend::Legacy)));
        assert_eq!(read("sosreport-nat-legacy/iptables_-vnxL"), (None, Some(Family::Ip), None));
        assert_eq!(read("sosreport-nat/ip6tables-legacy/stdout"), (None, Some(Family::Ip6), Some(Backend::Legacy)));
        assert_eq!(read("===== NAT TABLE ====="), (Some("nat"), None, None));
    }
}
