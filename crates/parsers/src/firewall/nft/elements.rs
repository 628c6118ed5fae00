//! Elements of sets and maps.

use bundlescope_facts::Text;

use super::lex::{Token, join};

/// Key and value as nft writes them; the value is empty in a set.
pub(super) fn read(tokens: &[Token<'_>]) -> Vec<(Text, Text)> {
    let mut elements = Vec::new();
    let mut element: Vec<Token<'_>> = Vec::new();
    let mut depth = 0usize;
    for token in tokens {
        if token.is("{") {
            depth += 1;
        } else if token.is("}") {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 && token.is(",") {
            add(&element, &mut elements);
            element.clear();
        } else if depth == 0 && !token.quoted && token.text.contains(',') {
            // `{80,443}` as people write it.
            for part in token.text.split(',').filter(|part| !part.is_empty()) {
                element.push(Token { text: part, quoted: false });
                add(&element, &mut elements);
                element.clear();
            }
        } else {
            element.push(*token);
        }
    }
    add(&element, &mut elements);
    elements
}

fn add(tokens: &[Token<'_>], elements: &mut Vec<(Text, Text)>) {
    let mut key: Vec<Token<'_>> = Vec::new();
    let mut value: Vec<Token<'_>> = Vec::new();
    let mut in_value = false;
    // Timeouts, counters and comments stand behind key or value.
    let mut property = false;
    for token in tokens {
        if token.is(":") {
            (in_value, property) = (true, false);
        } else if !token.quoted
            && matches!(token.text, "timeout" | "expires" | "counter" | "comment" | "limit" | "quota" | "ct" | "last")
        {
            property = true;
        } else if !property {
            if in_value { value.push(*token) } else { key.push(*token) }
        }
    }
    if !key.is_empty() {
        elements.push((plain(&key), plain(&value)));
    }
}

/// Names lose their quotes.
fn plain(tokens: &[Token<'_>]) -> Text {
    let bare: Vec<_> = tokens.iter().map(|token| Token { quoted: false, ..*token }).collect();
    join(&bare).into()
}
