//! The buckets of foreign trackers.

use dayline_app::ports::{Buckets, OpenBucket, PortFuture, StoredBucket};
use dayline_domain::UserId;
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use rusqlite::{OptionalExtension, Row, params};

use crate::failure::Failure;
use crate::raw_events;
use crate::store::SqliteStore;
use crate::users;
use crate::values::{IdBytes, instant};

const LIST: &str = "
    SELECT b.* FROM buckets b JOIN users u ON u.number = b.user_number WHERE u.id = ?1 ORDER BY b.id";
const FIND: &str = "
    SELECT b.* FROM buckets b JOIN users u ON u.number = b.user_number WHERE u.id = ?1 AND b.id = ?2";
const OPENED: &str = "UPDATE buckets SET opened_by = ?3 WHERE user_number = ?1 AND id = ?2";
const COUNT: &str = "SELECT count(*) FROM buckets WHERE user_number = ?1";
const INSERT: &str = "
    INSERT INTO buckets (user_number, id, kind, client, host, opened_by, created_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const DELETE: &str = "DELETE FROM buckets WHERE user_number = ?1 AND id = ?2";

impl Buckets for SqliteStore {
    fn buckets(&self, user: UserId) -> PortFuture<'_, Vec<StoredBucket>> {
        self.db.read(move |tx| {
            let mut statement = tx.prepare_cached(LIST)?;
            let rows = statement.query_map([IdBytes::from(user)], |row| Ok(parse(row)))?;
            rows.map(|bucket| bucket?).collect()
        })
    }

    fn bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, Option<StoredBucket>> {
        self.db.read(move |tx| {
            let key = params![IdBytes::from(user), id.as_str()];
            tx.prepare_cached(FIND)?.query_row(key, |row| Ok(parse(row))).optional()?.transpose()
        })
    }

    fn open_bucket(
        &self,
        user: UserId,
        new: StoredBucket,
        max_per_user: usize,
    ) -> PortFuture<'_, OpenBucket> {
        self.db.write(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok(OpenBucket::NoSuchUser) };
            let StoredBucket { bucket: Bucket { id, kind, client, host }, opened_by, created_at } = new;
            let (id, opened_by) = (id.as_str(), opened_by.map(IdBytes::from));
            if tx.prepare_cached(OPENED)?.execute(params![user, id, opened_by])? == 1 {
                return Ok(OpenBucket::Known);
            }
            let count: i64 = tx.prepare_cached(COUNT)?.query_row([user], |row| row.get(0))?;
            if usize::try_from(count).is_ok_and(|count| count >= max_per_user) {
                return Ok(OpenBucket::TooMany);
            }
            let [kind, client, host] = [&kind, &client, &host].map(BucketWord::as_str);
            let row = params![user, id, kind, client, host, opened_by, created_at.0];
            tx.prepare_cached(INSERT)?.execute(row)?;
            Ok(OpenBucket::New)
        })
    }

    fn delete_bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok(false) };
            raw_events::clear(tx, user, &id, usize::MAX)?;
            Ok(tx.prepare_cached(DELETE)?.execute(params![user, id.as_str()])? == 1)
        })
    }
}

fn parse(row: &Row<'_>) -> Result<StoredBucket, Failure> {
    let corrupt = |why| Failure::corrupt("a stored bucket", why);
    let word = |column: &str| -> Result<BucketWord, Failure> {
        BucketWord::new(row.get_ref(column)?.as_str()?).map_err(corrupt)
    };
    let bucket = Bucket {
        id: BucketId::new(row.get_ref("id")?.as_str()?).map_err(corrupt)?,
        kind: word("kind")?,
        client: word("client")?,
        host: word("host")?,
    };
    let opened_by = row.get::<_, Option<IdBytes>>("opened_by")?.map(|key| key.id());
    Ok(StoredBucket { bucket, opened_by, created_at: instant(row, "created_ms")? })
}
