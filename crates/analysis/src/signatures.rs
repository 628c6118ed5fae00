//! Turns the signatures of a rule pack into what the log scanner runs.

use bundlescope_facts::Text;
use bundlescope_logs::{Pattern, Signature, SignatureCost, SignatureError, SignatureSet};
use bundlescope_rules::{Diagnostic, Pack};

/// Rules and signatures, ready for any number of bundles.
#[derive(Debug)]
pub struct Rulebook {
    pub(crate) pack: Pack,
    pub(crate) signatures: SignatureSet,
}

impl Rulebook {
    /// Compiles the signatures of a checked pack; an error lists every one that the scanner cannot run, for people.
    pub fn new(pack: Pack) -> Result<Self, Vec<String>> {
        match compile(&pack) {
            Ok(signatures) => Ok(Self { pack, signatures }),
            Err(errors) => Err(errors.iter().map(ToString::to_string).collect()),
        }
    }

    /// The same rules with the failures of one signature told, see [`Loaded::trace`](crate::Loaded::trace); `None` when
    /// there is no such signature.
    pub fn traced(self, signature: &str) -> Option<Self> {
        Some(Self { signatures: self.signatures.traced(signature)?, ..self })
    }

    /// The same rules with what each signature takes counted.
    #[must_use]
    pub fn measured(self) -> Self {
        Self { signatures: self.signatures.measured(), ..self }
    }

    /// What each signature of measured rules took so far, the slowest first.
    pub fn signature_costs(&self) -> Vec<SignatureCost> {
        self.signatures.costs()
    }

    /// What only the scanner can tell of the signatures of a pack: patterns that it cannot run, and slow ones.
    pub fn check(pack: &Pack) -> Vec<Diagnostic> {
        match compile(pack) {
            Ok(set) => {
                let message = "the pattern needs no fixed text, so that every record of every log is tried with it";
                set.slow().iter().filter_map(|(id, at)| pack.about_pattern(id, *at, message, true)).collect()
            }
            Err(errors) => errors
                .iter()
                .filter_map(|error| {
                    pack.about_pattern(&error.signature, error.pattern.unwrap_or(0), &error.message, false)
                })
                .collect(),
        }
    }

    /// The signatures, as the scanner runs them.
    pub fn signatures(&self) -> &SignatureSet {
        &self.signatures
    }

    /// The rules.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }
}

/// One pattern of a signature, wherever the signature applies.
pub(crate) fn alone(signature: &bundlescope_rules::Signature, pattern: usize) -> Signature {
    let mut one = convert(signature);
    one.patterns = one.patterns.into_iter().skip(pattern).take(1).collect();
    (one.container, one.document) = (None, None);
    one
}

fn compile(pack: &Pack) -> Result<SignatureSet, Vec<SignatureError>> {
    SignatureSet::compile(pack.signatures().iter().map(convert).collect())
}

fn convert(signature: &bundlescope_rules::Signature) -> Signature {
    Signature {
        id: signature.id.clone(),
        event: signature.event.clone(),
        fields: signature.fields.clone(),
        types: signature.types.iter().map(|(name, ty)| (name.clone(), *ty)).collect(),
        patterns: signature
            .patterns
            .iter()
            .map(|pattern| Pattern {
                regex: pattern.regex.clone(),
                then: pattern.then.clone(),
                within: pattern.within,
                within_lines: pattern.within_lines,
                fields: pattern.fields.clone(),
                map: pattern
                    .map
                    .iter()
                    .map(|(group, values)| {
                        (group.clone(), values.iter().map(|(text, value)| (text.clone(), value.clone())).collect())
                    })
                    .collect(),
            })
            .collect(),
        container: globs(&signature.containers),
        document: globs(&signature.documents),
    }
}

/// One regular expression for a list of globs, in which `*` stands for any text and `?` for one character.
fn globs(globs: &[Text]) -> Option<Text> {
    if globs.is_empty() {
        return None;
    }
    let parts: Vec<String> = globs
        .iter()
        .map(|glob| {
            let mut part = String::new();
            for c in glob.chars() {
                match c {
                    '*' => part.push_str(".*"),
                    '?' => part.push('.'),
                    other => part.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
                }
            }
            part
        })
        .collect();
    Some(format!("^(?:{})$", parts.join("|")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_become_one_anchored_expression() {
        assert_eq!(globs(&[]), None);
        assert_eq!(globs(&["*/api.log".into(), "a?".into()]).as_deref(), Some(r"^(?:.*/api\.log|a.)$"));
    }
}
