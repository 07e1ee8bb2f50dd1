//! The files that pages load: part of the binary, packed once, in a folder named by what is in them, so
//! that browsers keep them for good and never mix those of two releases.

use std::collections::HashMap;
use std::fmt::Write as _;

use dayline_http_kit::packing::SharedFile;
use http::HeaderValue;
use sha2::{Digest, Sha256};

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Name, media type and content of each.
const FILES: &[(&str, &str, &str)] = &[
    ("style.css", CSS, include_str!("../../assets/style.css")),
    ("icon.svg", SVG, include_str!("../../assets/icon.svg")),
    ("base.js", SCRIPT, include_str!("../../assets/base.js")),
    ("clock.js", SCRIPT, include_str!("../../assets/clock.js")),
    ("connect.js", SCRIPT, include_str!("../../assets/connect.js")),
    ("details.js", SCRIPT, include_str!("../../assets/details.js")),
    ("filter.js", SCRIPT, include_str!("../../assets/filter.js")),
    ("furniture.js", SCRIPT, include_str!("../../assets/furniture.js")),
    ("history.js", SCRIPT, include_str!("../../assets/history.js")),
    ("intervals.js", SCRIPT, include_str!("../../assets/intervals.js")),
    ("keys.js", SCRIPT, include_str!("../../assets/keys.js")),
    ("live.js", SCRIPT, include_str!("../../assets/live.js")),
    ("parts.js", SCRIPT, include_str!("../../assets/parts.js")),
    ("plot.js", SCRIPT, include_str!("../../assets/plot.js")),
    ("pointer.js", SCRIPT, include_str!("../../assets/pointer.js")),
    ("session.js", SCRIPT, include_str!("../../assets/session.js")),
    ("timeline.js", SCRIPT, include_str!("../../assets/timeline.js")),
    ("under_way.js", SCRIPT, include_str!("../../assets/under_way.js")),
    ("view.js", SCRIPT, include_str!("../../assets/view.js")),
    ("zone.js", SCRIPT, include_str!("../../assets/zone.js")),
    ("zone_offer.js", SCRIPT, include_str!("../../assets/zone_offer.js")),
];

/// Bytes of the hash that name the folder: enough to tell releases apart.
const NAME_BYTES: usize = 8;

/// All files, ready to be sent.
pub(crate) struct Assets {
    folder: String,
    files: HashMap<&'static str, File>,
}

/// A file, ready to be sent.
pub(crate) struct File {
    pub(crate) media_type: HeaderValue,
    pub(crate) content: SharedFile,
}

impl Assets {
    /// Packs the files.
    pub(crate) fn packed() -> Self {
        let mut hash = Sha256::new();
        let mut files = HashMap::new();
        for &(name, media_type, text) in FILES {
            for part in [name, text] {
                hash.update(part.len().to_be_bytes());
                hash.update(part);
            }
            let media_type = HeaderValue::from_static(media_type);
            files.insert(name, File { media_type, content: SharedFile::new(text) });
        }
        let digest = hash.finalize();
        let folder = digest.iter().take(NAME_BYTES).fold(String::new(), |mut name, byte| {
            // Writing to a string can't fail.
            let _ = write!(name, "{byte:02x}");
            name
        });
        Self { folder, files }
    }

    /// The folder they are in.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// The file of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&File> {
        self.files.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_scripts_together_are_small() {
        let files = Assets::packed().files;
        let scripts = files.values().filter(|file| file.media_type == SCRIPT);
        let bytes: usize = scripts.map(|file| file.content.packed_bytes()).sum();
        assert!(bytes <= 30 * 1_024, "{bytes}");
    }

    #[test]
    fn what_scripts_import_is_there() {
        for (name, _, text) in FILES.iter().filter(|(_, media_type, _)| *media_type == SCRIPT) {
            for import in text.lines().filter_map(|line| line.split_once(" from \"./")) {
                let file = import.1.trim_end_matches("\";");
                assert!(FILES.iter().any(|(known, ..)| *known == file), "{name} imports {file}");
            }
        }
    }
}
