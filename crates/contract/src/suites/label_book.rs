//! What every store of labels keeps.

use dayline_app::ports::{LabelMark, LabelsSet, MarkedLabels};
use dayline_domain::labels::{
    Alias, Aliases, Categories, Category, CategoryName, Colour, Labels, Rule, starter,
};
use dayline_domain::{AppName, CategoryId, Domain, Project};

use super::Fact;
use super::store::{NOW, StorePorts, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("who_says_nothing_has_no_labels", |s| Box::pin(who_says_nothing_has_no_labels(s))),
    Fact::new("labels_come_back_exactly", |s| Box::pin(labels_come_back_exactly(s))),
    Fact::new("labels_follow_only_those_they_were_made_from", |s| {
        Box::pin(labels_follow_only_those_they_were_made_from(s))
    }),
    Fact::new("of_changes_at_once_one_takes_effect", |s| Box::pin(of_changes_at_once_one_takes_effect(s))),
    Fact::new("people_have_labels_of_their_own", |s| Box::pin(people_have_labels_of_their_own(s))),
    Fact::new("a_person_who_is_gone_has_no_labels", |s| Box::pin(a_person_who_is_gone_has_no_labels(s))),
];

const NEVER: LabelMark = LabelMark(0);

fn app(name: &str) -> AppName {
    AppName::new(name).unwrap()
}

/// One category of this name, and one alias.
fn marked(mark: u64, name: &str) -> MarkedLabels {
    let domain = Domain::new("a.org").ok();
    let rule = Rule::new(Some(app("C*de")), domain, Project::new("it's \u{1f4bb}").ok()).unwrap();
    let category = Category {
        id: CategoryId::from_bits(u128::from(mark) << 64),
        name: CategoryName::new(name).unwrap(),
        colour: Some(Colour::Teal),
        rules: vec![rule],
    };
    let aliases = Aliases::of([Alias { app: app("firefox.exe"), shown: app("Fox") }]).unwrap();
    let labels = Labels { aliases, categories: Categories::of([category]).unwrap() };
    MarkedLabels { mark: LabelMark(mark), labels }
}

async fn who_says_nothing_has_no_labels(store: StorePorts) {
    let user = store.register(1).await.id;
    assert_eq!(store.label_book.labels(user).await, Ok(MarkedLabels::default()));
    assert_eq!(store.label_book.labels(person(2).id).await, Ok(MarkedLabels::default()));
    let outcome = store.label_book.set_labels(person(2).id, NEVER, marked(1, "Work")).await;
    assert_eq!(outcome, Ok(LabelsSet::NoSuchUser));
}

async fn labels_come_back_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let row = |(id, (name, colour, rules))| Category { id: CategoryId::from_bits(id), name, colour, rules };
    let many = Categories::of((1..).zip(starter()).map(row)).unwrap();
    let many =
        MarkedLabels { mark: LabelMark(u64::MAX), labels: Labels { categories: many, ..Labels::default() } };
    let mut from = NEVER;
    for wanted in [
        marked(1, "Work > Code"),
        many,
        marked(1 << 63, "日 > 本"),
        MarkedLabels { mark: LabelMark(5), labels: Labels::default() },
    ] {
        assert_eq!(store.label_book.set_labels(user, from, wanted.clone()).await, Ok(LabelsSet::Done));
        assert_eq!(store.label_book.labels(user).await, Ok(wanted.clone()));
        from = wanted.mark;
    }
}

async fn labels_follow_only_those_they_were_made_from(store: StorePorts) {
    let user = store.register(1).await.id;
    let set = async |from: u64, to: MarkedLabels| {
        store.label_book.set_labels(user, LabelMark(from), to).await.unwrap()
    };
    assert_eq!(set(7, marked(1, "a")).await, LabelsSet::Changed);
    assert_eq!(set(0, marked(1, "a")).await, LabelsSet::Done);
    assert_eq!(set(0, marked(2, "b")).await, LabelsSet::Changed);
    assert_eq!(set(1, marked(3, "c")).await, LabelsSet::Done);
    assert_eq!(set(1, marked(4, "d")).await, LabelsSet::Changed);
    assert_eq!(store.label_book.labels(user).await, Ok(marked(3, "c")));
}

async fn of_changes_at_once_one_takes_effect(store: StorePorts) {
    let user = store.register(1).await.id;
    // The first time nothing is said yet.
    for first in [10, 20] {
        let from = store.label_book.labels(user).await.unwrap().mark;
        let tries = (first..first + 6).map(|mark| {
            let book = store.label_book.clone();
            tokio::spawn(async move { book.set_labels(user, from, marked(mark, "Work")).await.unwrap() })
        });
        let mut done = 0;
        for outcome in tries.collect::<Vec<_>>() {
            done += usize::from(outcome.await.unwrap() == LabelsSet::Done);
        }
        assert_eq!(done, 1);
    }
}

async fn people_have_labels_of_their_own(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    assert_eq!(store.label_book.set_labels(ada, NEVER, marked(1, "Work")).await, Ok(LabelsSet::Done));
    assert_eq!(store.label_book.labels(bob).await, Ok(MarkedLabels::default()));
    assert_eq!(store.label_book.set_labels(bob, NEVER, marked(2, "Art")).await, Ok(LabelsSet::Done));
    assert_eq!(store.label_book.labels(ada).await, Ok(marked(1, "Work")));
}

async fn a_person_who_is_gone_has_no_labels(store: StorePorts) {
    let user = store.register(1).await.id;
    assert_eq!(store.label_book.set_labels(user, NEVER, marked(1, "Work")).await, Ok(LabelsSet::Done));
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    assert_eq!(store.label_book.labels(user).await, Ok(MarkedLabels::default()));
    let outcome = store.label_book.set_labels(user, LabelMark(1), marked(2, "Art")).await;
    assert_eq!(outcome, Ok(LabelsSet::NoSuchUser));
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(store.label_book.labels(user).await, Ok(MarkedLabels::default()));
}
