//! Container ids and names: paths and tools name a container by either; facts settle on the name.

use std::collections::BTreeMap;
use std::ops::Bound;

use bundlescope_facts::{Data, Fact, Text};

/// Names by id.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_id: BTreeMap<Text, Text>,
}

impl Names {
    /// Learns the names of every container that some document lists.
    pub(crate) fn learn<'a>(facts: impl Iterator<Item = &'a Fact>) -> Self {
        let mut by_id = BTreeMap::new();
        for fact in facts {
            let (id, name) = match &fact.data {
                Data::Container(container) => (&container.id, &container.name),
                Data::Endpoint(endpoint) => (&endpoint.container_id, &endpoint.container),
                _ => continue,
            };
            if is_id(id) && !name.is_empty() {
                by_id.entry(id.clone()).or_insert_with(|| name.clone());
            }
        }
        Self { by_id }
    }

    /// The name of the container with that id, which may be shortened to 12 digits.
    pub(crate) fn name(&self, id: &str) -> Option<&Text> {
        if !is_id(id) {
            return None;
        }
        let full = self.by_id.range::<str, _>((Bound::Included(id), Bound::Unbounded)).next();
        full.filter(|(full, _)| full.starts_with(id))
            .map(|(_, name)| name)
            // A list may hold the short id while a path holds the full one.
            .or_else(|| self.by_id.get(&id[..12]))
    }

    /// Puts names where documents had only ids.
    pub(crate) fn settle(&self, fact: &mut Fact) {
        if let Some(container) = fact.data.view_mut()
            && let Some(name) = self.name(container)
        {
            *container = name.clone();
        }
    }
}

/// At least the 12 digits that `docker ps` shows.
fn is_id(text: &str) -> bool {
    (12..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use bundlescope_facts::{Container, Source};

    use super::*;

    #[test]
    fn short_and_full_ids_lead_to_the_name() {
        let full = "18cb6aee2e165f6045e632dc78ef5d0d21bfb6ebab67eb9fa798cf976c93df68";
        let container = |id: &str, name: &str| {
            Fact::new(Source::default(), Container { id: id.into(), name: name.into(), ..Container::default() })
        };
        let names = Names::learn([container(full, "api"), container("27e25d25c3c9", "db")].iter());
        assert_eq!(names.name("18cb6aee2e16").map(|name| &**name), Some("api"));
        assert_eq!(names.name(full).map(|name| &**name), Some("api"));
        assert_eq!(
            names.name("27e25d25c3c93a5c469aa7b09d987c31914c5acc34e9569ecb098f4ed21852f8").map(|name| &**name),
            Some("db")
        );
        assert_eq!(names.name("18cb6aee2e17"), None);
        assert_eq!(names.name("cafe"), None);
    }
}
