//! What no template may have, since the browsers refuse it.

use std::fs;
use std::path::Path;

#[test]
fn no_template_has_styles_or_scripts_of_its_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut seen = 0;
    for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&file).unwrap();
        seen += 1;
        for forbidden in [" style=", "<style", "<script>", "javascript:", "http:", "https:", "|safe"] {
            assert!(!text.contains(forbidden), "{}: {forbidden}", file.display());
        }
        for (at, _) in text.match_indices(" on") {
            let name = text[at + 1..].split(|c: char| !c.is_ascii_alphabetic()).next().unwrap();
            assert!(!text[at + 1 + name.len()..].starts_with("=\""), "{}: {name}", file.display());
        }
        for input in text.split("<a ").skip(1).chain(text.split("<form ").skip(1)) {
            assert!(!input.contains("target="), "{}", file.display());
        }
    }
    assert!(seen >= 3);
}
