use super::*;

fn some() -> Vec<Name> {
    let device = || DeviceId::new("laptop").unwrap();
    let app = || AppName::new("Code").unwrap();
    let subject = |seen| Name::Subject(Arc::new(Subject { device: device(), seen }));
    let domain = || Domain::new("example.org").ok();
    let (project, language) = (|| Project::new("dayline").ok(), || Language::new("Rust").ok());
    let activity = Activity { app: app(), domain: domain(), project: project(), language: language() };
    vec![
        Name::Source(Source::new("laptop", "Code", None).unwrap()),
        Name::Source(Source::new("laptop", "Code", Some("example.org")).unwrap()),
        Name::Source(Arc::new(Source { device: device(), activity: Arc::new(activity) })),
        subject(Seen::Use { app: app(), domain: None, project: None }),
        subject(Seen::Use { app: app(), domain: domain(), project: project() }),
        subject(Seen::Page { browser: app(), domain: domain(), audible: false }),
        subject(Seen::Page { browser: app(), domain: domain(), audible: true }),
        subject(Seen::Page { browser: app(), domain: None, audible: true }),
        subject(Seen::Beat { app: app(), project: project(), language: language() }),
        subject(Seen::Beat { app: app(), project: None, language: None }),
        subject(Seen::Away),
        subject(Seen::Here),
    ]
}

#[test]
fn every_name_comes_back_as_it_was_spelled() {
    for name in some() {
        assert_eq!(name.spelled().to_name(), Ok(name.clone()));
    }
}

#[test]
fn different_names_have_different_keys_and_first_choices() {
    let keys: std::collections::HashSet<_> = some().iter().map(|name| name.choices().0).collect();
    assert_eq!(keys.len(), some().len());
    let numbers: std::collections::HashSet<_> = some().iter().map(|name| name.choices().1.next()).collect();
    assert_eq!(numbers.len(), some().len());
}

/// The key and the first choice are in the database: another way to make them would be another
/// format.
#[test]
fn keys_and_choices_never_change() {
    let name = Name::Source(Source::new("laptop", "Code", Some("example.org")).unwrap());
    let (key, choices) = name.choices();
    let choices: Vec<u32> = choices.take(3).collect();
    assert_eq!(
        (key.to_string(), choices),
        ("0b40e725-5594-d6c0-a414-736112785a88".into(), vec![1_925_453, 3_243_247, 2_643_181])
    );
}

#[test]
fn choices_are_many_different_numbers_of_three_bytes_first() {
    for name in some() {
        let choices: Vec<u32> = name.choices().1.collect();
        assert!((1..1 << 21).contains(&choices[0]));
        assert!(choices.iter().all(|number| (1..1 << 30).contains(number)));
        let distinct: std::collections::HashSet<_> = choices.iter().collect();
        assert!(distinct.len() > 30, "{choices:?}");
    }
}

#[test]
fn what_is_no_name_is_damage() {
    let names = some();
    let spelled = names[0].spelled();
    for broken in [
        Spelled { app: None, ..spelled },
        Spelled { device: "", ..spelled },
        Spelled { domain: Some("Not A Host"), ..spelled },
        Spelled { kind: 7, ..spelled },
    ] {
        assert!(matches!(broken.to_name(), Err(PortError::Corrupt(_))), "{broken:?}");
    }
}
