//! Settings as operators are handed them, with the addresses and paths of this machine.

/// Replaces each left text, which must be there, by the right one.
pub fn substitute(settings: &str, replacements: &[(&str, &str)]) -> String {
    let mut text = settings.to_owned();
    for (from, to) in replacements {
        assert!(text.contains(from), "no {from} in {text}");
        text = text.replace(from, to);
    }
    text
}
