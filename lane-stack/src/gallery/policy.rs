//! What may outlive the decision it was enrolled for, and how long.
use super::given::UnixTime;
use super::reference::{ReferenceKind, check_class};
use crate::error::SetupError;
use crate::text::Source;
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::Spanned;

/// Longest retention a policy may name, hours: ten years, the validity of a passport.
const LONGEST_HOURS: f64 = 87_660.0;

/// A class that stands for every one that is not named.
const ANY_CLASS: &str = "*";

/// What is kept. The default keeps nothing.
///
/// ```toml
/// [[retain]]
/// kind = "encounter"       # passport, visa, residence-card, encounter
/// class = "commuter"       # class of traveller; "*" is every class without a rule of its own
/// hours = 24.0             # from enrolment
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Rules: at most one for a kind and class.
    #[serde(default)]
    pub retain: Vec<Retention>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// What the picture is.
    pub kind: ReferenceKind,
    /// Class of traveller, or `*`.
    pub class: String,
    /// Time from enrolment, hours.
    pub hours: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    #[serde(default)]
    retain: Vec<Spanned<RawRetention>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRetention {
    kind: ReferenceKind,
    class: Spanned<String>,
    hours: Spanned<f64>,
}

impl Policy {
    /// Reads a policy file.
    pub fn read(path: &Path) -> Result<Self, SetupError> {
        Self::from_source(&Source::read(path)?)
    }

    pub(crate) fn from_source(source: &Source) -> Result<Self, SetupError> {
        let mut policy = Self::default();
        for rule in source.parse::<RawPolicy>()?.retain {
            let span = rule.span();
            let RawRetention { kind, class, hours } = rule.into_inner();
            if class.get_ref() != ANY_CLASS {
                check_class(class.get_ref())
                    .map_err(|reason| source.error_at(class.span(), format!("{reason}, or \"*\" for any")))?;
            }
            // Written so that NaN fails.
            if !(*hours.get_ref() > 0.0 && *hours.get_ref() <= LONGEST_HOURS) {
                let reason = format!("hours = {} must be above 0 and at most {LONGEST_HOURS}", hours.get_ref());
                return Err(source.error_at(hours.span(), reason));
            }
            if policy.retain.iter().any(|r| r.kind == kind && r.class == *class.get_ref()) {
                let reason = format!("a second rule for {kind} of class \"{}\"; write one", class.get_ref());
                return Err(source.error_at(span, reason));
            }
            policy.retain.push(Retention { kind, class: class.into_inner(), hours: hours.into_inner() });
        }
        Ok(policy)
    }

    /// Until when a reference of this kind and class, enrolled then, may live; `None` when nothing of it may outlive the
    /// decision. A rule for the class goes before that for all.
    pub fn until(&self, kind: ReferenceKind, class: &str, enrolled: UnixTime) -> Option<UnixTime> {
        let rule = |of: &str| self.retain.iter().find(|r| r.kind == kind && r.class == of);
        rule(class).or_else(|| rule(ANY_CLASS)).map(|r| enrolled.plus_hours(r.hours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Policy, SetupError> {
        Policy::from_source(&Source { path: "policy.toml".into(), text: text.into() })
    }

    #[test]
    fn nothing_is_kept_but_what_is_named() {
        let at = UnixTime(0);
        for kind in ReferenceKind::ALL {
            assert_eq!(Policy::default().until(kind, "citizen", at), None);
        }
        let policy = parse(
            "[[retain]]\nkind = \"encounter\"\nclass = \"*\"\nhours = 1\n\
             [[retain]]\nkind = \"encounter\"\nclass = \"commuter\"\nhours = 0.5\n",
        )
        .unwrap();
        assert_eq!(policy.until(ReferenceKind::Encounter, "commuter", at), Some(UnixTime(1_800_000_000)));
        assert_eq!(policy.until(ReferenceKind::Encounter, "citizen", at), Some(UnixTime(3_600_000_000)));
        assert_eq!(policy.until(ReferenceKind::Passport, "citizen", at), None);
    }

    #[test]
    fn slips_are_told_with_their_place() {
        let rule = "[[retain]]\nkind = \"visa\"\nclass = \"a\"\nhours = 1.0\n";
        for (text, place, word) in [
            ("[[retian]]\n".to_string(), ":1:3:", "retain"),
            (rule.replace("visa", "viza"), ":2:8:", "passport"),
            (rule.replace("\"a\"", "\"A b\""), ":3:9:", "lower-case"),
            (rule.replace("1.0", "0"), ":4:9:", "above 0"),
            (rule.replace("1.0", "nan"), ":4:9:", "above 0"),
            (rule.replace("1.0", "1e9"), ":4:9:", "at most"),
            (rule.repeat(2), ":5:1:", "second rule"),
        ] {
            let message = parse(&text).unwrap_err().to_string();
            assert!(message.contains(place) && message.contains(word), "{message}");
        }
    }
}
