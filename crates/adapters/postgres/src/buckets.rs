//! The buckets of foreign trackers.

use dayline_app::ports::{Buckets, OpenBucket, PortError, PortFuture, StoredBucket};
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use dayline_domain::{Id, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Param, Transaction};
use crate::error::corrupt;
use crate::raw_events;
use crate::store::PgStore;
use crate::values::{Timestamp, column, time_column, uuid};

const BUCKETS: &str = "SELECT buckets.id, kind, client, host, opened_by, buckets.created_at
    FROM buckets JOIN users ON users.id = user_id WHERE users.uuid = $1";

impl Buckets for PgStore {
    fn buckets(&self, user: UserId) -> PortFuture<'_, Vec<StoredBucket>> {
        Box::pin(async move {
            let sql = format!("{BUCKETS} ORDER BY buckets.id");
            let rows = self.primary().await?.query(&sql, &[(&uuid(user), Type::UUID)]).await?;
            rows.iter().map(stored).collect()
        })
    }

    fn bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, Option<StoredBucket>> {
        Box::pin(async move {
            let sql = format!("{BUCKETS} AND buckets.id = $2");
            let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&id.as_str(), Type::TEXT)];
            let rows = self.primary().await?.query(&sql, &params).await?;
            rows.first().map(stored).transpose()
        })
    }

    fn open_bucket(
        &self,
        user: UserId,
        new: StoredBucket,
        max_per_user: usize,
    ) -> PortFuture<'_, OpenBucket> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = open(&mut transaction, user, &new, max_per_user).await;
            transaction.finish(outcome).await
        })
    }

    fn delete_bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = delete(&mut transaction, user, &id).await;
            transaction.finish(outcome).await
        })
    }
}

/// Opens a bucket while nobody else can open one of the person's.
async fn open(
    transaction: &mut Transaction,
    user: UserId,
    new: &StoredBucket,
    max_per_user: usize,
) -> Result<OpenBucket, PortError> {
    let lock = "SELECT id FROM users WHERE uuid = $1 FOR NO KEY UPDATE";
    let rows = transaction.query(lock, &[(&uuid(user), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(OpenBucket::NoSuchUser) };
    let user: i64 = column(row, "id")?;
    let StoredBucket { bucket: Bucket { id, kind, client, host }, opened_by, created_at } = new;
    let (id, opened_by) = (id.as_str(), opened_by.map(uuid));
    let known = "UPDATE buckets SET opened_by = $3 WHERE user_id = $1 AND id = $2";
    let params: [Param<'_>; 3] = [(&user, Type::INT8), (&id, Type::TEXT), (&opened_by, Type::UUID)];
    if transaction.execute(known, &params).await? > 0 {
        return Ok(OpenBucket::Known);
    }
    let count = "SELECT count(*) AS buckets FROM buckets WHERE user_id = $1";
    let rows = transaction.query(count, &[(&user, Type::INT8)]).await?;
    let count = rows.first().map_or(Ok(0), |row| column::<i64>(row, "buckets"))?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= max_per_user {
        return Ok(OpenBucket::TooMany);
    }
    let sql = "INSERT INTO buckets (user_id, id, opened_by, kind, client, host, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params: [Param<'_>; 7] = [
        (&user, Type::INT8),
        (&id, Type::TEXT),
        (&opened_by, Type::UUID),
        (&kind.as_str(), Type::TEXT),
        (&client.as_str(), Type::TEXT),
        (&host.as_str(), Type::TEXT),
        (&Timestamp(*created_at), Type::TIMESTAMPTZ),
    ];
    transaction.execute(sql, &params).await?;
    Ok(OpenBucket::New)
}

/// Deletes a bucket while nobody can keep an event in it.
async fn delete(transaction: &mut Transaction, user: UserId, id: &BucketId) -> Result<bool, PortError> {
    raw_events::clear(transaction, user, id, usize::MAX).await?;
    let sql = "DELETE FROM buckets USING users
               WHERE buckets.id = $2 AND users.id = user_id AND users.uuid = $1";
    let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&id.as_str(), Type::TEXT)];
    Ok(transaction.execute(sql, &params).await? > 0)
}

fn stored(row: &Row) -> Result<StoredBucket, PortError> {
    let wrong = |error| corrupt("a bucket", error);
    let word =
        |name: &str| -> Result<BucketWord, PortError> { BucketWord::new(column(row, name)?).map_err(wrong) };
    let bucket = Bucket {
        id: BucketId::new(column(row, "id")?).map_err(wrong)?,
        kind: word("kind")?,
        client: word("client")?,
        host: word("host")?,
    };
    let opened_by = column::<Option<Uuid>>(row, "opened_by")?.map(|key| Id::from_bits(key.as_u128()));
    Ok(StoredBucket { bucket, opened_by, created_at: time_column(row, "created_at")? })
}
