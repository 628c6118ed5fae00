//! The events on one clock, a row for each container or host; its width may be stretched by the page.
//!
//! Positions along the time are percentages of the width, so that a wider picture is a closer look and letters keep their
//! size.

use std::collections::BTreeMap;

use bundlescope_engine::{Moment, Timeline};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::HtmlEscape;

use super::cut;
use crate::plain::plain_line;
use crate::words::Words;

const ROW: u32 = 30;
const HEAD: u32 = 22;
const MOST_ROWS: usize = 16;

/// The picture; an empty text where there are fewer than two moments. `sign` is the place among the moments of the cause's first sign.
pub(crate) fn draw(timeline: &Timeline, sign: Option<usize>, w: &Words) -> String {
    let Some((from, to)) = range(&timeline.moments) else { return String::new() };
    let mut rows: BTreeMap<(String, String), Vec<(usize, &Moment)>> = BTreeMap::new();
    for (index, moment) in timeline.moments.iter().enumerate().filter(|(_, moment)| &*moment.kind != "captured") {
        rows.entry((plain_line(&moment.host), plain_line(&moment.container))).or_default().push((index, moment));
    }
    let several = rows.keys().any(|(host, _)| Some(host) != rows.keys().next().map(|(host, _)| host));
    let total = rows.len();
    // Of many rows those with proof of a finding first, in the order of their names.
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|(_, moments)| moments.iter().all(|(_, moment)| moment.finding.is_empty()));
    rows.truncate(MOST_ROWS);
    let height = HEAD + ROW * u32::try_from(rows.len() + usize::from(total > MOST_ROWS)).unwrap_or(0) + 22;
    let at = |time: Timestamp| place(time, from, to);
    let mut out = format!(
        r#"<svg class="picture timeline" width="100%" height="{height}" role="img" aria-labelledby="time-t time-d"><title id="time-t">{}</title><desc id="time-d">{}</desc>"#,
        HtmlEscape(&w.timeline),
        HtmlEscape(&w.picture_timeline)
    );
    for quarter in 0..=4 {
        let (x, anchor) = match quarter {
            0 => ("0%".to_owned(), "start"),
            4 => ("100%".to_owned(), "end"),
            n => (format!("{}%", n * 25), "middle"),
        };
        let time = from.as_millisecond() + (to.as_millisecond() - from.as_millisecond()) / 4 * quarter;
        let shown = Timestamp::from_millisecond(time).map_or_else(|_| String::new(), |time| clock(time, from, to));
        out.push_str(&format!(r#"<line class="tick" x1="{x}" x2="{x}" y1="{HEAD}" y2="{}"/>"#, height - 18));
        out.push_str(&format!(
            r#"<text class="detail" x="{x}" y="{}" text-anchor="{anchor}">{shown}</text>"#,
            height - 5
        ));
    }
    for (row, ((host, container), moments)) in (0u32..).zip(&rows) {
        let y = HEAD + row * ROW;
        let name = match (container.is_empty(), several) {
            (true, _) => host.clone(),
            (false, true) => format!("{host} / {container}"),
            (false, false) => container.clone(),
        };
        out.push_str(&format!(r#"<line class="lane" x1="0%" x2="100%" y1="{0}" y2="{0}"/>"#, y + 20));
        out.push_str(&format!(r#"<text class="label" x="2" y="{}">{}</text>"#, y + 11, HtmlEscape(&cut(&name, 40))));
        for (_, moment) in moments {
            let (first, last) = (at(moment.first), at(moment.last));
            let class = match (&*moment.kind, moment.finding.is_empty()) {
                ("started", _) => "start",
                ("stopped", _) => "stop",
                (_, false) => "proof",
                _ => "seen",
            };
            let count = if moment.count > 1 { format!(" ({})", w.records.with(moment.count)) } else { String::new() };
            out.push_str(&format!(
                r#"<g class="{class}"><title>{} {}{count}</title>"#,
                HtmlEscape(&moment.first.to_string()),
                HtmlEscape(&plain_line(&moment.text))
            ));
            if last > first {
                out.push_str(&format!(
                    r#"<line class="span" x1="{}" x2="{}" y1="{2}" y2="{2}"/>"#,
                    percent(first),
                    percent(last),
                    y + 20
                ));
            }
            out.push_str(&format!(r#"<circle cx="{}" cy="{}" r="4"/></g>"#, percent(first), y + 20));
        }
    }
    if total > MOST_ROWS {
        let y = HEAD + ROW * MOST_ROWS as u32 + 14;
        out.push_str(&format!(r#"<text class="quiet" x="2" y="{y}">+ {} {}</text>"#, total - MOST_ROWS, w.more));
    }
    if let Some(moment) = sign.and_then(|index| timeline.moments.get(index)) {
        let x = at(moment.first);
        let anchor = if x > 5_000 { "end" } else { "start" };
        let x = percent(x);
        out.push_str(&format!(r#"<line class="sign" x1="{x}" x2="{x}" y1="14" y2="{}"/>"#, height - 18));
        out.push_str(&format!(
            r#"<text class="bad" x="{x}" y="11" text-anchor="{anchor}">{}</text>"#,
            HtmlEscape(&w.first_sign)
        ));
    }
    out.push_str("</svg>");
    out
}

/// What is drawn: from the first event to the last moment, so that a container that was started weeks ago does not
/// press all else together; it is drawn at the edge.
fn range(moments: &[Moment]) -> Option<(Timestamp, Timestamp)> {
    let proofs = || moments.iter().filter(|moment| !moment.finding.is_empty() && &*moment.kind == "event");
    let events = || moments.iter().filter(|moment| &*moment.kind == "event");
    let first = proofs().map(|moment| moment.first).min().or_else(|| events().map(|moment| moment.first).min());
    let from = first.or_else(|| moments.iter().map(|moment| moment.first).min())?;
    let to = moments.iter().map(|moment| moment.last).max()?;
    // Room before the first sign, so that what came just before it is seen.
    let room = (to.as_millisecond() - from.as_millisecond()) / 8;
    let from = Timestamp::from_millisecond(from.as_millisecond() - room).ok()?;
    (from < to).then_some((from, to))
}

/// Hundredths of a percent of the width, at the edges for what lies outside.
fn place(time: Timestamp, from: Timestamp, to: Timestamp) -> i128 {
    let of = |time: Timestamp| i128::from(time.as_millisecond());
    // `from` is before `to`.
    ((of(time) - of(from)) * 10_000 / (of(to) - of(from)).max(1)).clamp(0, 10_000)
}

fn percent(hundredths: i128) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// A time as exact as the range needs, in UTC.
fn clock(time: Timestamp, from: Timestamp, to: Timestamp) -> String {
    let day = 24 * 3600;
    let form = match to.as_second() - from.as_second() {
        span if span > 3 * day => "%Y-%m-%d",
        span if span > day / 2 => "%m-%d %H:%M",
        _ => "%H:%M:%S",
    };
    time.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::WORDS;

    fn moment(time: &str, container: &str, kind: &str, finding: &str) -> Moment {
        let first: Timestamp = time.parse().unwrap_or_default();
        let text = |text: &str| text.into();
        Moment {
            first,
            last: first,
            count: 1,
            container: text(container),
            kind: text(kind),
            text: text("<x>"),
            finding: text(finding),
            ..Moment::default()
        }
    }

    #[test]
    fn what_was_long_ago_stands_at_the_edge() {
        let moments = vec![
            moment("2026-01-01T00:00:00Z", "db", "started", ""),
            moment("2026-11-21T01:00:00Z", "api", "event", "f"),
            moment("2026-11-21T02:00:00Z", "", "captured", ""),
        ];
        let svg = draw(&Timeline { moments, ..Timeline::default() }, Some(1), &WORDS);
        assert!(svg.contains(r#"cx="0.00%""#) && svg.contains(r#"x1="11.11%""#), "{svg}");
        assert!(svg.contains("&lt;x&gt;") && !svg.contains("<x>"));
        assert_eq!(draw(&Timeline::default(), None, &WORDS), "");
    }
}
