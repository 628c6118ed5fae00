//! A packet's path: down on the left what the client sends, up on the right what comes back, and where it breaks.

use minijinja::HtmlEscape;

use super::Svg;
use crate::view::{ProbeView, StepView};
use crate::words::Words;

const WIDTH: u32 = 560;
const LANE: u32 = 270;
const RIGHT: u32 = WIDTH - LANE;
const ROW: u32 = 38;
const BOX: u32 = 30;
/// Height of the boxes at both ends, and of the space behind them.
const END: u32 = 30;
const GAP: u32 = 16;
/// Steps of one lane that are drawn; the list beside the picture has all.
const MOST_STEPS: usize = 14;

/// The steps of one packet that are drawn; `None` stands for some that are left out.
type Lane<'a> = Vec<Option<(usize, &'a StepView)>>;

/// The picture, and an empty text where there is nothing to draw. `base` begins its ids; a step leads to where `link` says.
pub(crate) fn draw(probe: &ProbeView, base: &str, w: &Words, link: impl Fn(usize, &StepView) -> String) -> String {
    let mut packets: Vec<(bool, Vec<(usize, &StepView)>)> = Vec::new();
    for (index, step) in probe.steps.iter().enumerate() {
        if step.state == "packet" {
            packets.push((step.back, Vec::new()));
        } else if let Some((_, steps)) = packets.last_mut() {
            steps.push((index, step));
        }
    }
    let ends = |steps: &Vec<(usize, &StepView)>| steps.iter().any(|(_, step)| step.state != "pass");
    let choose = |back: bool| {
        let mut those = packets.iter().filter(|(way, _)| *way == back).map(|(_, steps)| steps);
        let first = those.next()?;
        Some(fold(those.find(|steps| ends(steps)).unwrap_or(first)))
    };
    let (down, up) = (choose(false).unwrap_or_default(), choose(true).unwrap_or_default());
    if down.is_empty() && up.is_empty() {
        return String::new();
    }
    let rows = u32::try_from(down.len().max(up.len())).unwrap_or(0);
    let bottom = END + GAP + rows * ROW + GAP / 2;
    let height = bottom + END + 2;
    let title = format!("{} {} -> {} {}: {}", w.packet_path, probe.from, probe.to, probe.port, probe.verdict);
    let mut svg = Svg { out: String::new() };
    svg.out.push_str(&format!(
        r#"<svg class="picture packet" viewBox="0 0 {WIDTH} {height}" role="group" aria-labelledby="{base}-t {base}-d"><title id="{base}-t">{}</title><desc id="{base}-d">{}</desc>"#,
        HtmlEscape(&title),
        HtmlEscape(&w.picture_packet)
    ));
    svg.rect("node", 1, 1, WIDTH - 2, END);
    svg.text("strong", 12, 20, &probe.from, 60);
    svg.rect(&format!("node {}", probe.tone), 1, bottom, WIDTH - 2, END);
    svg.text("strong", 12, bottom + 19, &format!("{} {}: {}", probe.to, probe.port, probe.verdict), 74);
    lane(&mut svg, &down, 0, bottom, false, &link);
    lane(&mut svg, &up, RIGHT, bottom, true, &link);
    svg.out.push_str("</svg>");
    svg.out
}

/// Of many steps those at both ends, and those around the one that decides.
fn fold<'a>(steps: &[(usize, &'a StepView)]) -> Lane<'a> {
    if steps.len() <= MOST_STEPS {
        return steps.iter().copied().map(Some).collect();
    }
    let decides = steps.iter().position(|(_, step)| step.state != "pass").unwrap_or(steps.len() - 1);
    let mut lane = Lane::new();
    for (at, step) in steps.iter().enumerate() {
        if at < 4 || at + 3 > steps.len() || at.abs_diff(decides) <= 2 {
            lane.push(Some(*step));
        } else if lane.last().is_some_and(Option::is_some) {
            lane.push(None);
        }
    }
    lane
}

fn lane(svg: &mut Svg, steps: &Lane<'_>, x: u32, bottom: u32, up: bool, link: &impl Fn(usize, &StepView) -> String) {
    let middle = x + LANE / 2;
    let mut broken = false;
    for (at, step) in (0u32..).zip(steps) {
        let y = if up { bottom - GAP / 2 - (at + 1) * ROW + (ROW - BOX) } else { END + GAP + at * ROW };
        let way = if broken { "way lost" } else { "way" };
        let (from, to) = if up { (y + BOX + ROW - BOX, y + BOX) } else { (y.saturating_sub(ROW - BOX), y) };
        svg.path(way, &format!("M{middle} {from}V{to}"));
        let Some((index, step)) = step else {
            svg.text("quiet", middle.saturating_sub(6), y + 19, "…", 1);
            continue;
        };
        let (label, detail) = parts(step);
        svg.out.push_str(&format!(r##"<a href="#{}"><title>{}</title>"##, link(*index, step), HtmlEscape(&step.text)));
        svg.rect(&format!("step {}", step.state), x + 1, y, LANE - 2, BOX);
        let mark = match step.state {
            "break" => "✕ ",
            "unknown" => "? ",
            "arrive" => "✓ ",
            _ => "",
        };
        svg.text("label", x + 8, y + 12, &format!("{mark}{label}"), 40);
        svg.text("detail", x + 8, y + 25, &detail, 42);
        svg.out.push_str("</a>");
        broken |= step.state == "break";
    }
    // The rest of the way, which a lost packet does not go.
    let count = u32::try_from(steps.len()).unwrap_or(0);
    if count == 0 {
        return;
    }
    let way = if broken { "way lost" } else { "way" };
    if up {
        svg.path(way, &format!("M{middle} {}V{END}", bottom - GAP / 2 - count * ROW + (ROW - BOX)));
    } else {
        svg.path(way, &format!("M{middle} {}V{bottom}", END + GAP + count * ROW - (ROW - BOX)));
    }
}

/// A step's hook, table, chain and number, and what stands there.
fn parts(step: &StepView) -> (String, String) {
    let text = match step.place.is_empty() {
        true => step.text.as_str(),
        false => step.text.rsplit_once("  (").map_or(step.text.as_str(), |(text, _)| text),
    };
    let first = text.split(' ').next().unwrap_or_default();
    let hook = first.len() > 4 && first.bytes().all(|b| b.is_ascii_uppercase());
    let cut = match text.split_once(": ") {
        Some((label, rest)) if hook => Some((label, rest)),
        _ if hook => text.match_indices(' ').nth(2).map(|(at, _)| text.split_at(at)),
        _ => text.split_once(' '),
    };
    let (label, detail) = cut.unwrap_or((text, ""));
    (label.to_owned(), detail.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> StepView {
        StepView { text: text.into(), state: "pass", back: false, place: String::new() }
    }

    #[test]
    fn a_step_is_told_in_two_lines() {
        let told = |text: &str| parts(&step(text));
        assert_eq!(
            told("INPUT filter INPUT 7: -A INPUT -j DROP"),
            ("INPUT filter INPUT 7".into(), "-A INPUT -j DROP".into())
        );
        assert_eq!(
            told("PREROUTING nat PREROUTING policy ACCEPT"),
            ("PREROUTING nat PREROUTING".into(), "policy ACCEPT".into())
        );
        assert_eq!(told("route 10.0.0.1 is an own address"), ("route".into(), "10.0.0.1 is an own address".into()));
        assert_eq!(told(""), (String::new(), String::new()));
    }

    #[test]
    fn of_a_long_way_the_break_is_drawn() {
        let mut steps: Vec<StepView> = (0..60).map(|n| step(&format!("FORWARD filter FORWARD {n}: x"))).collect();
        steps[30].state = "break";
        let numbered: Vec<(usize, &StepView)> = steps.iter().enumerate().collect();
        let lane = fold(&numbered);
        assert!(lane.len() <= MOST_STEPS + 2, "{}", lane.len());
        assert!(lane.iter().flatten().any(|(index, _)| *index == 30));
    }
}
