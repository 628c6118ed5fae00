//! Splits the command lines of fixes into words; only the quoting that those use.

/// The words of a command line; `None` when a quote is not closed or a shell operator makes it more than one command.
pub(crate) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' | '"' => {
                let target = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        end if end == c => break,
                        '\\' if c == '"' => target.push(chars.next()?),
                        inner => target.push(inner),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            '|' | ';' | '&' | '<' | '>' | '`' | '$' => return None,
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_join_and_operators_refuse() {
        assert_eq!(
            words(r#"iptables -m comment --comment "a \"b\"" x"#).unwrap(),
            ["iptables", "-m", "comment", "--comment", "a \"b\"", "x"]
        );
        assert_eq!(words("a '' b").unwrap(), ["a", "", "b"]);
        assert_eq!(words("a; b"), None);
        assert_eq!(words("a 'b"), None);
    }
}
