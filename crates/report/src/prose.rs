//! The one piece of markup in a rule's prose: words between backticks are code.

/// A stretch of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// What stood between a pair of backticks.
    Code(&'a str),
}

/// The line in pieces. A backtick without a partner is text, and so is an empty pair.
///
/// Bundle text in a message may bring backticks of its own; then the wrong words are set as code, and nothing worse.
pub(crate) fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, behind)) = after.split_once('`') else { break };
        if code.is_empty() {
            pieces.push(Piece::Text(&rest[..before.len() + 2]));
        } else {
            if !before.is_empty() {
                pieces.push(Piece::Text(before));
            }
            pieces.push(Piece::Code(code));
        }
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::Piece::{Code, Text};
    use super::*;

    #[test]
    fn pairs_are_code_and_the_rest_is_text() {
        assert_eq!(pieces("rule `-j DROP` of `INPUT`"), [Text("rule "), Code("-j DROP"), Text(" of "), Code("INPUT")]);
        assert_eq!(pieces("it`s"), [Text("it`s")]);
        assert_eq!(pieces("a `` b"), [Text("a ``"), Text(" b")]);
        assert_eq!(pieces(""), []);
    }
}
