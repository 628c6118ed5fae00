//! Text as Markdown that renders as that text, in CommonMark and in the flavours of GitHub and GitLab.
//!
//! Escaping with backslashes is not enough there: bare addresses become links, `@name` notifies people, `#12` and
//! hashes of commits become references, and all of that happens after escapes are gone. Such words are set as code,
//! where no flavour looks for anything.

/// One line of text, for a paragraph, a heading or a list item; runs of white space become one space.
pub(crate) fn text(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    for word in line.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if is_active_word(word) {
            out.push_str(&code(word));
            continue;
        }
        let opens_a_line = out.is_empty();
        for (at, c) in word.char_indices() {
            let active = match c {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' => true,
                // What these make of a line, they make at its start only.
                '#' | '+' | '-' | '=' | ':' => opens_a_line && at == 0,
                '.' | ')' => opens_a_line && at > 0 && word[..at].bytes().all(|b| b.is_ascii_digit()),
                _ => false,
            };
            if active {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

/// Prose of a rule: words between backticks are code, every line is a paragraph.
pub(crate) fn prose(prose: &str) -> String {
    let mut out = String::new();
    for line in prose.lines().filter(|line| !line.trim().is_empty()) {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        let start = out.len();
        for piece in crate::prose::pieces(line) {
            let (piece, set) = match piece {
                crate::prose::Piece::Text(words) => (words, text(words)),
                crate::prose::Piece::Code(words) => (words, code(words)),
            };
            // Two code spans side by side would be read as one.
            let side_by_side = out.ends_with('`') && set.starts_with('`');
            if out.len() > start && (piece.starts_with(' ') || side_by_side) && !out.ends_with(' ') {
                out.push(' ');
            }
            out.push_str(&set);
            if piece.ends_with(' ') && !set.is_empty() {
                out.push(' ');
            }
        }
        out.truncate(out.trim_end().len());
    }
    out
}

/// A code span: its fence is longer than any run of backticks inside.
pub(crate) fn code(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    // One space at both ends is taken away again by the reader; without it, backticks at an end would join the fence.
    let pad = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let pad = if pad { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A fenced block, ending with a newline.
pub(crate) fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// True for words that a forge would turn into a link, a mention, a reference, an emoji or a formula.
fn is_active_word(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let after = |sign: char| word.split(sign).skip(1).any(|rest| rest.starts_with(char::is_alphanumeric));
    word.contains(['@', '#', '$'])
        || lower.contains("://")
        || lower.contains("www.")
        || lower.contains("gh-")
        || ['!', '%', '&', '~'].into_iter().any(after)
        // `:smile:` and the two that are numbers; addresses with ports are left alone.
        || word.split_once(':').and_then(|(_, rest)| rest.rsplit_once(':')).is_some_and(|(names, _)| {
            names.split(':').any(|name| {
                matches!(name, "100" | "1234") || name.contains(|c: char| c.is_ascii_alphabetic() || "+-_".contains(c))
            })
        })
        // Commits: seven hexadecimal digits and more.
        || lower.split(|c: char| !c.is_alphanumeric()).any(|run| run.len() >= 7 && run.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;
    use crate::plain::{plain, plain_line};

    /// What a reader sees of Markdown; an error names what is more than text, code and paragraphs.
    fn rendered(markdown: &str) -> Result<String, String> {
        let flavour = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM
            | Options::ENABLE_WIKILINKS
            | Options::ENABLE_DEFINITION_LIST;
        let mut seen = String::new();
        for event in Parser::new_ext(markdown, flavour) {
            match event {
                Event::Text(text) | Event::Code(text) => seen.push_str(&text),
                Event::Start(Tag::Paragraph | Tag::CodeBlock(_)) => {}
                Event::End(TagEnd::Paragraph) => seen.push('\n'),
                Event::End(TagEnd::CodeBlock) => {}
                other => return Err(format!("{other:?} in {markdown:?}")),
            }
        }
        Ok(seen)
    }

    fn normal(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn hostile() -> impl Strategy<Value = String> {
        let tokens = prop::sample::select(vec![
            "`",
            "``",
            "```",
            "~~~",
            "*",
            "**",
            "_",
            "[",
            "](",
            ")",
            "<",
            ">",
            "<b>",
            "<!--",
            "&lt;",
            "&",
            "|",
            "\\",
            "#",
            "- ",
            "1. ",
            "2) ",
            "+ ",
            "> ",
            "=",
            "---",
            ":",
            ": ",
            "[^1]",
            "[x]: y",
            "![",
            "$",
            "$$",
            "@me",
            "#12",
            "http://e.x",
            "www.e.x",
            "a@b.c",
            "~",
            "~~",
            "{{",
            "}}",
            "\n",
            "\t",
            "    ",
            " ",
            "a",
            "Z9",
            "é",
            ":+1:",
            "[[w]]",
            "\u{202e}",
            "\u{a0}",
            "\u{2003}",
        ]);
        prop_oneof![any::<String>(), prop::collection::vec(tokens, 0..12).prop_map(|tokens| tokens.concat()),]
    }

    proptest! {
        #[test]
        fn a_line_renders_as_itself(line in hostile()) {
            let line = plain_line(&line);
            let seen = rendered(&text(&line)).map_err(TestCaseError::fail)?;
            prop_assert_eq!(normal(&seen), normal(&line));
        }

        #[test]
        fn a_code_span_holds_exactly_its_text(line in hostile()) {
            let line = plain_line(&line);
            if !line.trim().is_empty() {
                let seen = rendered(&format!("x{}", code(&line))).map_err(TestCaseError::fail)?;
                prop_assert_eq!(seen, format!("x{line}\n"));
            }
        }

        #[test]
        fn a_block_holds_exactly_its_lines(lines in hostile()) {
            let lines = plain(&lines);
            let lines = lines.trim_end_matches('\n');
            let seen = rendered(&block("text", lines)).map_err(TestCaseError::fail)?;
            prop_assert_eq!(seen, format!("{lines}\n"));
        }

        #[test]
        fn prose_is_words_and_code_only(words in hostile()) {
            let words = plain(&words);
            let seen = rendered(&prose(&words)).map_err(TestCaseError::fail)?;
            // Backticks and spaces may go, as markup; nothing else may.
            let bare = |text: &str| text.chars().filter(|c| *c != '`' && !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&seen), bare(&words));
        }
    }

    #[test]
    fn what_forges_would_link_is_code() {
        for word in [
            "@everyone",
            "user@host.example",
            "#12",
            "owner/repo#1",
            "https://evil.example",
            "WWW.evil.example",
            "GH-7",
            "!42",
            ":tada:",
            "1f3a9cd",
            "(0123456789abcdef)",
            "$x$",
            "&3",
            "~bug",
            "javascript://x",
            "%v1",
        ] {
            assert!(text(word).starts_with('`'), "{word} became {}", text(word));
        }
    }

    #[test]
    fn ordinary_words_stay_readable() {
        assert_eq!(text("api cannot reach 172.17.0.1:5432 (tcp)"), "api cannot reach 172.17.0.1:5432 (tcp)");
        assert_eq!(text("api on [fe80::1]:53, 10.0.0.1:5432: gone"), "api on \\[fe80::1\\]:53, 10.0.0.1:5432: gone");
        assert_eq!(text("12. is no list - here"), "12\\. is no list - here");
        assert_eq!(prose("`-A INPUT` stops it, `x`."), "`-A INPUT` stops it, `x`.");
    }
}
