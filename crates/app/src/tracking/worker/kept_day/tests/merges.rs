//! What a merge writes of a day.

use super::*;

#[test]
fn a_merge_folds_a_day_that_knows_the_device_and_leaves_its_name_nowhere() {
    let (laptop, phone) = (subject(0, 4), subject(1, 5));
    for (of, folds) in [(&phone, true), (&laptop, false)] {
        let mut ledger = Ledger::new();
        let mut kept = KeptDay::of(ledger.stored());
        for n in [0, 2] {
            let seen = Observation::new(Arc::clone(of), interval(n * 60_000, 5_000));
            let change = kept.day.record(&[seen]).unwrap();
            ledger.apply(kept.write(change, Mark(0)));
        }
        assert_eq!((ledger.folds, ledger.recent.len()), (0, 2));
        ledger.terms.merges = merged("phone", "laptop");
        let mut kept = KeptDay::of(ledger.stored());
        let change = kept.choose().expect("other terms");
        ledger.apply(kept.write(change, Mark(0)));
        same(&ledger, &kept);
        assert_eq!((ledger.folds, ledger.settled_by == ledger.terms), (u32::from(folds), true));
        let stored = ledger.stored();
        let seen = stored.observations.iter().map(|seen| &seen.subject().device);
        let counted = stored.counted.iter().map(|piece| &piece.source.device);
        assert!(seen.chain(counted).all(|device| device.as_str() == "laptop"));
        assert_eq!(KeptDay::of(stored).choose(), None, "it is as the person wants it");
    }
}

#[test]
fn a_merge_leaves_the_device_nowhere_where_it_was_united_over_an_hour() {
    let mut ledger = united_over_an_hour(&subject(1, 4));
    ledger.terms.merges = merged("phone", "laptop");
    let mut kept = KeptDay::of(ledger.stored());
    let change = kept.choose().expect("other terms");
    ledger.apply(kept.write(change, Mark(0)));
    same(&ledger, &kept);
}

/// A day of the first edition, on which a device counted.
fn first_edition_of(device: &str) -> Ledger {
    let mut ledger = Ledger::new();
    (ledger.version, ledger.edition) = (7, Edition::First);
    let source = Source::new(device, "Code", None).unwrap();
    ledger.rows = vec![Piece { source, interval: interval(0, 60_000) }];
    let used = Observation::new(subject(i64::from(device == "phone"), 4), interval(0, 60_000));
    ledger.hours.insert(2, vec![used]);
    ledger.terms.merges = merged("phone", "laptop");
    ledger.settled_by = ledger.terms.clone();
    ledger
}

#[test]
fn a_merge_writes_a_day_of_the_first_edition_anew_only_where_the_device_counted() {
    let mut others = KeptDay::of(first_edition_of("laptop").stored());
    assert_eq!(others.choose(), None);
    let mut ledger = first_edition_of("phone");
    let mut kept = KeptDay::of(ledger.stored());
    let change = kept.choose().expect("a merged device");
    assert_eq!((change.from_version, change.to_version), (7, 8));
    ledger.apply(kept.write(change, Mark(0)));
    same(&ledger, &kept);
    assert_eq!(ledger.counted()[0].source.device.as_str(), "laptop");
    assert_eq!((ledger.edition, kept.choose()), (Edition::Second, None));
}
