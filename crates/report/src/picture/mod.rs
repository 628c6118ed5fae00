//! The pictures of the HTML report: SVG drawn from the model, without a library and without a script.
//!
//! Every text in a picture is escaped here, colours come from the page's style, and each picture has a name and a text
//! beside it that says the same.

mod network;
mod packet;
mod timeline;

use minijinja::HtmlEscape;

pub(crate) use network::{Flow, draw as network};
pub(crate) use packet::draw as packet;
pub(crate) use timeline::draw as timeline;

/// A picture in the making.
#[derive(Default)]
struct Svg {
    out: String,
}

impl Svg {
    /// A rectangle with round corners.
    fn rect(&mut self, class: &str, x: u32, y: u32, width: u32, height: u32) {
        self.out
            .push_str(&format!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="5"/>"#));
    }

    /// A line of text, cut to so many letters; a cut one has its whole as a tooltip.
    fn text(&mut self, class: &str, x: u32, y: u32, text: &str, letters: usize) {
        let shown = cut(text, letters);
        let whole = if shown == text { String::new() } else { format!("<title>{}</title>", HtmlEscape(text)) };
        self.out.push_str(&format!(r#"<text class="{class}" x="{x}" y="{y}">{whole}{}</text>"#, HtmlEscape(&shown)));
    }

    /// A path of lines.
    fn path(&mut self, class: &str, path: &str) {
        self.out.push_str(&format!(r#"<path class="{class}" d="{path}"/>"#));
    }
}

/// So many letters of a text at most, the last one a dot where some are left out.
fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let mut shown: String = text.chars().take(letters.saturating_sub(1)).collect();
    shown.push('…');
    shown
}
