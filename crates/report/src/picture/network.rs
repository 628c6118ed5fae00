//! The network map: each host with its networks, the containers on them, and the connections that are broken.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_engine::{MapContainer, MapHost, MapNetwork, NetworkMap};
use minijinja::HtmlEscape;

use super::Svg;
use crate::plain::plain_line;
use crate::words::Words;

const WIDTH: u32 = 1000;
/// The host's own box.
const HOST: u32 = 220;
const CELL: u32 = 164;
/// Between the host's own box and its networks, where the ends of broken connections are drawn.
const AISLE: u32 = 34;
const CELL_HEIGHT: u32 = 50;
/// Of many containers only the names are drawn; the rest is in the list below.
const LOW_CELL_HEIGHT: u32 = 22;
const MANY: usize = 40;
const PAD: u32 = 10;
const HEAD: u32 = 42;
/// Containers of one network and networks of one host that are drawn, those with a broken connection first.
const MOST_CELLS: usize = 16;
const MOST_NETWORKS: usize = 24;
const MOST_HOSTS: usize = 12;
const MOST_LINES: usize = 8;

/// A connection that fails.
pub(crate) struct Flow {
    pub(crate) host: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// Container that the model says answers for `to`; empty where none does.
    pub(crate) reached: String,
    /// `5432/tcp dropped`.
    pub(crate) label: String,
}

/// The picture; an empty text where there is nothing to draw.
pub(crate) fn draw(map: &NetworkMap, flows: &[Flow], w: &Words) -> String {
    if map.hosts.is_empty() {
        return String::new();
    }
    let named: BTreeSet<&str> = flows.iter().flat_map(|flow| [&*flow.from, &*flow.to, &*flow.reached]).collect();
    let containers = map.hosts.iter().flat_map(|host| &host.networks).map(|network| network.containers.len());
    let cell = if containers.sum::<usize>() > MANY { LOW_CELL_HEIGHT } else { CELL_HEIGHT };
    let mut page = Page { back: Svg::default(), front: Svg::default(), places: Places::default(), named, cell, w };
    let mut y = 4;
    for host in map.hosts.iter().take(MOST_HOSTS) {
        y = page.host(host, y) + 14;
    }
    if map.hosts.len() > MOST_HOSTS {
        page.front.text("quiet", PAD, y + 12, &format!("+ {} {}", map.hosts.len() - MOST_HOSTS, w.more), 60);
        y += 24;
    }
    let drawn = flows.iter().filter(|flow| page.places.of(&flow.host, &flow.from).is_some());
    let (mut lines, mut ends) = (Svg::default(), Svg::default());
    for (index, flow) in (0u32..).zip(drawn) {
        self::flow(&mut lines, &mut ends, flow, &page.places, index);
        // What each of them is stands below, where nothing is in its way.
        let told = format!("✕ {} -> {} {}", flow.from, flow.to, flow.label);
        ends.text("bad", PAD, y + 10, &told, 140);
        y += 16;
    }
    format!(
        r#"<svg class="picture map" viewBox="0 0 {WIDTH} {y}" role="img" aria-labelledby="map-t map-d"><title id="map-t">{}</title><desc id="map-d">{}</desc>{}{}{}{}</svg>"#,
        HtmlEscape(&w.network),
        HtmlEscape(&w.picture_network),
        page.back.out,
        lines.out,
        page.front.out,
        ends.out
    )
}

/// Where things are drawn: the upper edge of each container by host and name or address, and each host's box.
#[derive(Default)]
struct Places {
    containers: BTreeMap<(String, String), (u32, u32)>,
    hosts: BTreeMap<String, (u32, u32, Vec<String>)>,
}

impl Places {
    fn of(&self, host: &str, name: &str) -> Option<(u32, u32)> {
        if let Some(place) = self.containers.get(&(host.to_owned(), name.to_owned())) {
            return Some(*place);
        }
        let own = |(x, y, addresses): &(u32, u32, Vec<String>)| {
            (name == "host" || addresses.iter().any(|address| address == name)).then_some((*x, *y))
        };
        self.hosts.get(host).and_then(own)
    }
}

/// The map in the making. Connections are drawn between both layers, so that they hide no text.
struct Page<'a> {
    back: Svg,
    front: Svg,
    places: Places,
    /// Names and addresses at the ends of broken connections.
    named: BTreeSet<&'a str>,
    /// Height of a container.
    cell: u32,
    w: &'a Words,
}

impl Page<'_> {
    /// Draws one host at a height and returns where it ends.
    fn host(&mut self, host: &MapHost, top: u32) -> u32 {
        let name = plain_line(&host.host);
        let left = 2 + PAD + HOST + AISLE;
        let (mut x, mut y, mut shelf) = (left, top + PAD, 0);
        let at = self.back.out.len();
        let mut networks: Vec<&MapNetwork> = host.networks.iter().collect();
        let named = |one: &MapContainer| self.named.contains(&*one.name) || self.named.contains(&*one.address);
        networks.sort_by_key(|network| !network.containers.iter().any(named));
        for network in networks.into_iter().take(MOST_NETWORKS) {
            let cells = cells(network, &self.named);
            let columns = u32::try_from(cells.len()).unwrap_or(0).clamp(1, 4);
            let width = columns * (CELL + PAD) + PAD;
            if x > left && x + width > WIDTH - PAD {
                (x, y, shelf) = (left, y + shelf + PAD, 0);
            }
            shelf = shelf.max(self.network(network, &cells, &name, (x, y, width)));
            x += width + PAD;
        }
        let mut bottom = y + shelf + PAD;
        if host.networks.len() > MOST_NETWORKS {
            let rest = host.networks.len() - MOST_NETWORKS;
            self.front.text("quiet", left, bottom + 10, &format!("+ {rest} {}", self.w.more), 40);
            bottom += 20;
        }
        let lines: Vec<String> = host.addresses.iter().chain(&host.routes).map(|line| plain_line(line)).collect();
        let mut shown: Vec<String> = lines.iter().take(MOST_LINES).cloned().collect();
        if lines.len() > MOST_LINES {
            shown.push(format!("+ {} {}", lines.len() - MOST_LINES, self.w.more));
        }
        let own = 30 + 15 * u32::try_from(shown.len()).unwrap_or(0);
        bottom = bottom.max(top + own + 3 * PAD);
        self.back.rect("node", 2 + PAD, top + PAD, HOST, own);
        let title = if name.is_empty() { self.w.host.to_string() } else { name.clone() };
        self.front.text("strong", 2 + 2 * PAD, top + PAD + 17, &title, 26);
        for (index, line) in (0u32..).zip(&shown) {
            self.front.text("detail", 2 + 2 * PAD, top + PAD + 34 + 15 * index, line, 32);
        }
        let addresses = host.addresses.iter().filter_map(|line| {
            let (_, address) = line.rsplit_once(' ')?;
            Some(plain_line(address.split('/').next()?))
        });
        self.places.hosts.insert(name, (2 + PAD + HOST, top + PAD + own / 2, addresses.collect()));
        // The frame stands behind what it holds.
        let frame =
            format!(r#"<rect class="frame" x="2" y="{top}" width="{}" height="{}" rx="8"/>"#, WIDTH - 4, bottom - top);
        self.back.out.insert_str(at, &frame);
        bottom
    }

    /// Draws one network at a place and of a width, and returns its height.
    fn network(
        &mut self,
        network: &MapNetwork,
        cells: &[&MapContainer],
        host: &str,
        (x, y, width): (u32, u32, u32),
    ) -> u32 {
        let rest = network.containers.len() - cells.len();
        let shown = u32::try_from(cells.len()).unwrap_or(0).max(1);
        let columns = shown.min(4);
        let height = HEAD + shown.div_ceil(columns) * (self.cell + PAD) + if rest > 0 { 18 } else { 0 };
        self.back.rect("net", x, y, width, height);
        let title = if network.name.is_empty() { self.w.no_network.to_string() } else { plain_line(&network.name) };
        self.front.text("strong", x + PAD, y + 15, &title, width as usize / 8);
        self.front.text("detail", x + PAD, y + 28, &described(network, self.w), width as usize / 7);
        for (index, cell) in (0u32..).zip(cells) {
            let cell_x = x + PAD + index % columns * (CELL + PAD);
            let cell_y = y + HEAD + index / columns * (self.cell + PAD);
            let named = self.named.contains(&*cell.name) || self.named.contains(&*cell.address);
            container(&mut self.front, cell, named, self.cell, (cell_x, cell_y));
            for known in [plain_line(&cell.name), plain_line(&cell.address)] {
                if !known.is_empty() {
                    self.places.containers.entry((host.to_owned(), known)).or_insert((cell_x + CELL / 2, cell_y));
                }
            }
        }
        if rest > 0 {
            self.front.text("quiet", x + PAD, y + height - 7, &format!("+ {rest} {}", self.w.more), 40);
        }
        height
    }
}

/// The containers of a network that are drawn: those of broken connections first.
fn cells<'a>(network: &'a MapNetwork, named: &BTreeSet<&str>) -> Vec<&'a MapContainer> {
    let mut cells: Vec<&MapContainer> = network.containers.iter().collect();
    cells.sort_by_key(|one| !named.contains(&*one.name) && !named.contains(&*one.address));
    cells.truncate(MOST_CELLS);
    cells
}

fn described(network: &MapNetwork, w: &Words) -> String {
    let mut parts: Vec<String> = [&network.driver, &network.bridge].into_iter().map(|part| plain_line(part)).collect();
    parts.extend(network.subnets.iter().map(|subnet| plain_line(subnet)));
    if network.internal {
        parts.push(w.internal.to_string());
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

fn container(svg: &mut Svg, container: &MapContainer, named: bool, height: u32, (x, y): (u32, u32)) {
    let down = !matches!(&*container.status, "" | "running");
    let class = match (down, named) {
        (true, _) => "cell down",
        (false, true) => "cell named",
        (false, false) => "cell",
    };
    svg.rect(class, x, y, CELL, height);
    svg.text("label", x + 7, y + 14, &plain_line(&container.name), 23);
    if height < CELL_HEIGHT {
        return;
    }
    let state = if down { format!(" {}", plain_line(&container.status)) } else { String::new() };
    svg.text("detail", x + 7, y + 29, &format!("{}{state}", plain_line(&container.address)), 24);
    let ports: Vec<String> = container.ports.iter().map(|port| plain_line(port)).collect();
    svg.text("detail", x + 7, y + 43, &ports.join(", "), 24);
}

fn flow(lines: &mut Svg, ends: &mut Svg, flow: &Flow, places: &Places, index: u32) {
    let Some((x1, y1)) = places.of(&flow.host, &flow.from) else { return };
    let reached = places.of(&flow.host, &flow.reached).filter(|_| !flow.reached.is_empty());
    let host = places.of(&flow.host, "host");
    // What is no part of the map is outside of the host.
    let (x2, y2) = places.of(&flow.host, &flow.to).or(reached).or_else(|| host.map(|(_, y)| (4, y))).unwrap_or((4, y1));
    let bend = 10 + index % 5 * 6;
    let (middle, over) = ((x1 + x2) / 2, y1.min(y2).saturating_sub(bend));
    let told = format!("{} -> {} {}", flow.from, flow.to, flow.label);
    lines.out.push_str(&format!("<g><title>{}</title>", HtmlEscape(&told)));
    lines.path("flow", &format!("M{x1} {y1}Q{middle} {over} {x2} {y2}"));
    lines.out.push_str("</g>");
    // Beside what does not answer: left of it there is the host's aisle, above it the network's head.
    let (x, y) = if host == Some((x2, y2)) || x2 == 4 { (x2 + 4, y2 + 4) } else { (x2 - 5, y2.saturating_sub(2)) };
    ends.text("cross", x, y, "✕", 1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::WORDS;

    fn map(containers: usize) -> NetworkMap {
        let containers = (0..containers)
            .map(|n| MapContainer {
                name: format!("c{n}").into(),
                address: format!("10.1.{}.{}", n / 250, n % 250).into(),
                ..MapContainer::default()
            })
            .collect();
        let network = MapNetwork { name: "front".into(), containers, ..MapNetwork::default() };
        NetworkMap { hosts: vec![MapHost { host: "h".into(), networks: vec![network], ..MapHost::default() }] }
    }

    #[test]
    fn many_containers_are_folded_and_those_of_a_broken_connection_are_not() {
        let flow = Flow {
            host: "h".into(),
            from: "c299".into(),
            to: "10.1.1.40".into(),
            reached: String::new(),
            label: "80/tcp dropped".into(),
        };
        let svg = draw(&map(300), &[flow], &WORDS);
        assert!(svg.contains(">c299<") && svg.contains("10.1.1.40") && svg.contains("+ 284 more"), "{svg}");
        assert!(svg.contains(r#"class="flow""#));
        assert!(svg.len() < 12_000, "{}", svg.len());
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(draw(&NetworkMap::default(), &[], &WORDS), "");
        assert!(!draw(&map(3), &[], &WORDS).contains("flow"));
    }
}
