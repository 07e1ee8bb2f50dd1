//! The colours of activities can be told from the track they lie on, light and dark.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../assets/style.css");

/// The least contrast of anything that is drawn on the track, and of words on a card.
const DRAWN: f64 = 3.3;
const WRITTEN: f64 = 4.5;

/// The custom properties of a rule.
fn properties(rule: &str) -> BTreeMap<&str, &str> {
    let lines = rule.split_once('{').unwrap().1.split_once('}').unwrap().0;
    let pairs = lines.split(';').filter_map(|pair| pair.trim().strip_prefix("--")?.split_once(": "));
    pairs.collect()
}

fn themes() -> [BTreeMap<&'static str, &'static str>; 2] {
    let find = |from: &str| properties(&STYLE[STYLE.find(from).unwrap()..]);
    let (light, dark) = (find(":root {"), find(":root[data-theme=\"dark\"] {"));
    assert_eq!(dark, find(":root:not([data-theme=\"light\"]) {"), "the same by system and by choice");
    [light, dark]
}

/// Relative luminance (WCAG 2.2).
fn luminance(colour: &str) -> f64 {
    let digits = colour.strip_prefix('#').unwrap();
    let digits: String =
        if digits.len() == 3 { digits.chars().flat_map(|c| [c, c]).collect() } else { digits.to_owned() };
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_hue_stands_out_from_the_track() {
    for theme in themes() {
        for hue in ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "n"] {
            let found = contrast(theme[hue], theme["track"]);
            assert!(found >= DRAWN, "{hue} {}: {found:.2}", theme[hue]);
        }
    }
}

#[test]
fn words_can_be_read_wherever_they_stand() {
    for theme in themes() {
        for (ink, ground) in [
            ("ink", "paper"),
            ("ink", "card"),
            ("soft", "paper"),
            ("soft", "card"),
            ("soft", "track"),
            ("problem", "card"),
            ("ink", "problem-wash"),
            ("ink", "wash"),
            ("accent", "wash"),
            ("on-accent", "accent"),
        ] {
            let found = contrast(theme[ink], theme[ground]);
            assert!(found >= WRITTEN, "{ink} on {ground}: {found:.2}");
        }
        assert!(contrast(theme["edge"], theme["card"]) >= 3.0, "borders of fields");
    }
}
