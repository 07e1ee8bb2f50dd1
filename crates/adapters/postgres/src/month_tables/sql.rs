//! The SQL that makes and drops a month's tables. Nothing but the month goes into it.
//!
//! Tables are made alone and attached: that lets reports and commits go on, which `PARTITION OF`
//! would make wait.

use crate::months::Month;

/// The partitioned tables, in the order in which every transaction locks them.
pub(crate) const PARENTS: [&str; 3] = ["ledger_days", "app_usage", "outranked_usage"];

/// Makes the month's tables, bare: rows may be put in before they get their indexes.
pub(crate) fn create(month: Month) -> String {
    // The tail of the current month grows: pieces are extended again and again, which leaves dead
    // rows behind.
    const GROWING: &str = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02";
    let table = |parent: &str, fill: u32| {
        format!(
            "CREATE TABLE {} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)
               WITH (fillfactor = {fill}, {GROWING});\n",
            month.table(parent)
        )
    };
    // A day's version changes with each commit, in place as long as its page has room.
    table("ledger_days", 60) + &table("app_usage", 90) + &table("outranked_usage", 90)
}

/// Gives the month's tables their indexes and constraints, and attaches them to their parents.
pub(crate) fn constrain_and_attach(month: Month) -> String {
    let [days, counted, outranked] = PARENTS.map(|parent| month.table(parent));
    let (from, to) = (month.first_day(), month.day_after());
    let attach = |parent: &str, clock: &str| {
        format!(
            "ALTER TABLE {parent} ATTACH PARTITION {} FOR VALUES FROM ('{from}{clock}') TO ('{to}{clock}');\n",
            month.table(parent)
        )
    };
    format!(
        "ALTER TABLE {days} ADD PRIMARY KEY (user_id, day);
         ALTER TABLE {counted} ADD PRIMARY KEY (user_id, start_time) INCLUDE (end_time, device_id, app_name, domain);
         ALTER TABLE {counted} ADD CONSTRAINT {counted}_no_overlap
           EXCLUDE USING gist (user_id WITH =, tstzrange(start_time, end_time) WITH &&);
         CREATE INDEX ON {outranked} (user_id, start_time);\n"
    ) + &attach("ledger_days", "")
        + &attach("app_usage", " 00:00:00+00")
        + &attach("outranked_usage", " 00:00:00+00")
}

/// Drops the month's tables.
pub(crate) fn drop(month: Month) -> String {
    let [days, counted, outranked] = PARENTS.map(|parent| month.table(parent));
    format!(
        "LOCK TABLE ONLY ledger_days, ONLY app_usage, ONLY outranked_usage IN ACCESS EXCLUSIVE MODE;
         DROP TABLE {days}, {counted}, {outranked}"
    )
}
