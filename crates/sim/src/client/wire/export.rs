//! What an export says that the server knows: what was observed, and the person's corrections. It is read as a
//! whole.

use dayline_domain::{Correction, Observation};
use dayline_foreign::own::Line;

/// What the server knows of a person.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// What was observed: clipped to each UTC day, and united where it touches.
    pub observations: Vec<Observation>,
    /// The corrections, each in its greatest version.
    pub corrections: Vec<Correction>,
}

impl Export {
    /// Reads an export, one JSON object a line.
    ///
    /// # Errors
    /// Names the line that no server may send, or says that the export was cut off.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let (mut export, mut ended) = (Self::default(), false);
        let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        for (number, line) in lines.enumerate() {
            let wrong = |error: String| format!("line {} of an export: {error}", number + 1);
            match serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))? {
                Line::Observation(observed) => {
                    export.observations.push(observed.parsed().map_err(wrong)?);
                }
                Line::Correction(correction) => {
                    export.corrections.push(correction.parsed().map_err(wrong)?);
                }
                Line::End => ended = true,
                Line::Else => {}
            }
        }
        if ended { Ok(export) } else { Err("the export was cut off".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use dayline_domain::{AppName, Domain, Interval, Language, Project, Says, UtcMs, observation};

    use super::*;

    const START: UtcMs = UtcMs(1_795_000_000_123);
    const TIMES: &str = r#""start_time":"2026-11-18T11:06:40.123Z","end_time":"2026-11-18T11:06:45.000Z""#;
    const END: &str = r#"{"type":"end","counts":{"observation":1}}"#;

    fn read(lines: &[&str]) -> Result<Export, String> {
        Export::read(lines.join("\n").as_bytes())
    }

    #[test]
    fn all_kinds_of_observations_are_read() {
        let seen = [
            r#""kind":"use","app_name":"Code","domain":null,"project":"p""#,
            r#""kind":"page","app_name":"Firefox","domain":"a.org","audible":true"#,
            r#""kind":"away""#,
            r#""kind":"here""#,
        ];
        let lines = seen.map(|seen| format!(r#"{{"type":"observation","device_id":"pc",{seen},{TIMES}}}"#));
        let beat = r#"{"type":"observation","kind":"beat","app_name":"vim","project":null,"language":"C","device_id":"pc","start_time":"2026-11-18T11:06:40.123Z"}"#;
        let profile = r#"{"type":"profile","id":"x","email":"ada@example.org"}"#;
        let mut all = vec![profile, beat];
        all.extend(lines.iter().map(String::as_str));
        all.push(END);
        let export = read(&all).unwrap();
        let app = |name| AppName::new(name).unwrap();
        let expected = [
            observation::Seen::Beat { app: app("vim"), project: None, language: Language::new("C").ok() },
            observation::Seen::Use { app: app("Code"), domain: None, project: Project::new("p").ok() },
            observation::Seen::Page {
                browser: app("Firefox"),
                domain: Domain::new("a.org").ok(),
                audible: true,
            },
            observation::Seen::Away,
            observation::Seen::Here,
        ];
        let found: Vec<_> = export.observations.iter().map(|known| known.subject().seen.clone()).collect();
        assert_eq!(found, expected);
        let interval = |at: usize| export.observations[at].interval();
        assert_eq!(interval(0), Interval::new(START, START.plus(1)).unwrap());
        assert_eq!(interval(1), Interval::new(START, START.plus(4_877)).unwrap());
    }

    #[test]
    fn corrections_are_read() {
        let id = "0192f8a0-0000-7000-8000-000000000001";
        let entry = format!(
            r#"{{"type":"correction","id":"{id}","version":7,"device_id":"pc","app_name":"Meeting","domain":null,"project":"p",{TIMES}}}"#
        );
        let erasure = format!(
            r#"{{"type":"correction","id":"{id}","version":9,"erase":true,"app_name":null,{TIMES}}}"#
        );
        let deletion = format!(r#"{{"type":"correction","id":"{id}","version":11,"deleted":true}}"#);
        let corrections = read(&[&entry, &erasure, &deletion, END]).unwrap().corrections;
        let interval = Interval::new(START, START.plus(4_877)).unwrap();
        let Says::Entry { interval: told, source } = &corrections[0].says else { unreachable!() };
        assert_eq!((*told, source.activity.project.clone()), (interval, Project::new("p").ok()));
        assert_eq!((corrections[0].version, corrections[1].version), (7, 9));
        assert_eq!(corrections[1].says, Says::Erasure { interval });
        assert_eq!(corrections[2].says, Says::Nothing);
        assert_eq!(corrections[1].id.to_string(), id);
    }

    #[test]
    fn an_export_without_its_last_line_was_cut_off() {
        let line = format!(r#"{{"type":"observation","kind":"here","device_id":"pc",{TIMES}}}"#);
        assert_eq!(read(&[&line]).unwrap_err(), "the export was cut off");
        assert!(read(&[]).is_err());
        let backwards = line.replace("40.123", "50.123");
        assert!(read(&[&backwards, END]).unwrap_err().starts_with("line 1 of an export: "));
    }
}
