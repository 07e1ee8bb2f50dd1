//! Names that a commit uses and that may be new: they are put into the table with it, and looked at
//! there. Not here: names whose numbers are known.

use std::collections::HashMap;

use dayline_app::ports::PortError;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::read::number;
use super::{Name, Person};
use crate::db::{ConnectionPool, Param, Statement};
use crate::values::nth;

/// Names with the numbers they shall have, as columns.
#[derive(Default)]
pub(crate) struct NewNames {
    people: Vec<i64>,
    numbers: Vec<i32>,
    keys: Vec<Uuid>,
    choices: Vec<Vec<u32>>,
    chosen: Chosen,
    kinds: Vec<i16>,
    devices: Vec<String>,
    apps: Vec<Option<String>>,
    domains: Vec<Option<String>>,
    projects: Vec<Option<String>>,
    languages: Vec<Option<String>>,
}

/// Puts in what is not there. A person's name has one number, and a number one name.
const PUT: &str = "INSERT INTO names
  (user_id, number, key, kind, device_id, app_name, domain, project, language)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING";

/// As many rows as there are names, unless one of them has another number.
const LOOK: &str = "SELECT FROM unnest($1, $2, $3) AS new (user_id, number, key)
JOIN names ON names.user_id = new.user_id AND names.number = new.number AND names.key = new.key";

/// Who has the numbers that are wanted, and which numbers the names have already.
const FIND: &str = "SELECT user_id, number, key FROM names
WHERE user_id = ANY ($1) AND (number = ANY ($2) OR key = ANY ($3))";

/// Numbers that were chosen with regard to what is in the table.
#[derive(Default)]
pub(crate) struct Chosen(HashMap<(i64, Uuid), u32>);

impl NewNames {
    /// No names yet; those that were chosen get these numbers.
    pub(crate) fn with(chosen: Chosen) -> Self {
        Self { chosen, ..Self::default() }
    }

    /// The number of a person's name: the known one, or the first that it may have.
    pub(crate) fn number(&mut self, person: &mut Person, name: Name) -> u32 {
        if let Some(&number) = person.numbers.get(&name) {
            return number;
        }
        let (key, choices) = name.choices();
        let choices: Vec<u32> = choices.collect();
        let chosen = self.chosen.0.get(&(person.id, key)).or(choices.first());
        let number = chosen.copied().unwrap_or_default();
        self.push(person.id, number, key, &name);
        self.choices.push(choices);
        person.numbers.insert(name, number);
        number
    }

    fn push(&mut self, person: i64, number: u32, key: Uuid, name: &Name) {
        let spelled = name.spelled();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        self.people.push(person);
        self.numbers.push(number.cast_signed());
        self.keys.push(key);
        self.kinds.push(spelled.kind);
        self.devices.push(spelled.device.to_owned());
        self.apps.push(owned(spelled.app));
        self.domains.push(owned(spelled.domain));
        self.projects.push(owned(spelled.project));
        self.languages.push(owned(spelled.language));
    }

    /// Chooses other numbers for names that could not have theirs.
    ///
    /// # Errors
    /// If the database can't be asked, or a person has so many names that none is free.
    pub(crate) async fn choose(&self, pool: &ConnectionPool) -> Result<Chosen, PortError> {
        let wanted: Vec<i32> = self.choices.iter().flatten().map(|number| number.cast_signed()).collect();
        let params: [Param<'_>; 3] =
            [(&self.people, Type::INT8_ARRAY), (&wanted, Type::INT4_ARRAY), (&self.keys, Type::UUID_ARRAY)];
        let (mut taken, mut chosen) = (HashMap::new(), Chosen::default());
        for row in pool.query(FIND, &params).await? {
            let (person, stored, key): (i64, i32, Uuid) = (nth(&row, 0)?, nth(&row, 1)?, nth(&row, 2)?);
            taken.insert((person, number(stored)?), key);
            chosen.0.insert((person, key), number(stored)?);
        }
        for ((person, key), choices) in self.people.iter().zip(&self.keys).zip(&self.choices) {
            if chosen.0.contains_key(&(*person, *key)) {
                continue;
            }
            let free = choices.iter().find(|number| !taken.contains_key(&(*person, **number)));
            let free = free.ok_or_else(|| PortError::Rejected("a person with too many names".into()))?;
            taken.insert((*person, *free), *key);
            chosen.0.insert((*person, *key), *free);
        }
        Ok(chosen)
    }

    pub(crate) fn len(&self) -> usize {
        self.people.len()
    }

    /// The statement that puts the names in.
    pub(crate) fn put(&self) -> Statement<'_> {
        let mut params = self.keyed();
        let spelled: [Param<'_>; 6] = [
            (&self.kinds, Type::INT2_ARRAY),
            (&self.devices, Type::TEXT_ARRAY),
            (&self.apps, Type::TEXT_ARRAY),
            (&self.domains, Type::TEXT_ARRAY),
            (&self.projects, Type::TEXT_ARRAY),
            (&self.languages, Type::TEXT_ARRAY),
        ];
        params.extend(spelled);
        Statement { sql: PUT.into(), params }
    }

    /// The statement that gives a row for each name that has its number.
    pub(crate) fn look(&self) -> Statement<'_> {
        Statement { sql: LOOK.into(), params: self.keyed() }
    }

    fn keyed(&self) -> Vec<Param<'_>> {
        vec![
            (&self.people, Type::INT8_ARRAY),
            (&self.numbers, Type::INT4_ARRAY),
            (&self.keys, Type::UUID_ARRAY),
        ]
    }
}
