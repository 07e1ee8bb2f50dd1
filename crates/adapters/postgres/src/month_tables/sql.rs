//! The SQL that makes and drops a month's tables. Nothing but the month goes into it.
//!
//! Tables are made alone and attached: that lets reports and commits go on, which `PARTITION OF`
//! would make wait.

use crate::months::Month;

/// A table that is partitioned by month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) name: &'static str,
    /// The part of a page that is filled at first, in percent.
    fill: u32,
    /// What stands behind a day to make it one of its bounds.
    clock: &'static str,
    /// Keys and constraints that each partition gets by itself; `MONTH` is its name.
    constraints: &'static str,
}

/// The days. With each commit a row changes, in place as long as its page has room.
pub(crate) const DAYS: Parent = Parent {
    name: "ledger_days",
    fill: 50,
    clock: "",
    constraints: "ALTER TABLE MONTH ADD PRIMARY KEY (user_id, day);",
};

/// What counts. Rows never change in place, since an index holds their end.
pub(crate) const PIECES: Parent = Parent {
    name: "pieces",
    fill: 100,
    clock: " 00:00:00+00",
    constraints: "ALTER TABLE MONTH ADD PRIMARY KEY (user_id, start_time) INCLUDE (end_time, source);
         ALTER TABLE MONTH ADD CONSTRAINT MONTH_no_overlap
           EXCLUDE USING gist (user_id WITH =, tstzrange(start_time, end_time) WITH &&);",
};

/// What was observed. The row of the current hour changes with each fold.
pub(crate) const OBSERVATIONS: Parent = Parent {
    name: "observations",
    fill: 80,
    clock: "",
    constraints: "ALTER TABLE MONTH ADD PRIMARY KEY (user_id, day, hour);",
};

/// What the first edition of the rule kept; made only to bring back what it archived.
pub(crate) const FIRST_PIECES: Parent = Parent {
    name: "first_pieces",
    fill: 100,
    clock: " 00:00:00+00",
    constraints: "ALTER TABLE MONTH ADD PRIMARY KEY (user_id, start_time) INCLUDE (end_time, device_id, app_name, domain);
         ALTER TABLE MONTH ADD CONSTRAINT MONTH_no_overlap
           EXCLUDE USING gist (user_id WITH =, tstzrange(start_time, end_time) WITH &&);",
};

/// What it kept of what was outranked.
pub(crate) const FIRST_OUTRANKED: Parent = Parent {
    name: "first_outranked",
    fill: 100,
    clock: " 00:00:00+00",
    constraints: "CREATE INDEX ON MONTH (user_id, start_time);",
};

/// The tables that each month has.
pub(crate) const PARENTS: [Parent; 3] = [DAYS, PIECES, OBSERVATIONS];

/// The tables that months of the first edition have besides.
pub(crate) const FIRST: [Parent; 2] = [FIRST_PIECES, FIRST_OUTRANKED];

/// All of them, in the order in which every transaction locks them.
pub(crate) const ALL: [Parent; 5] = [DAYS, PIECES, OBSERVATIONS, FIRST_PIECES, FIRST_OUTRANKED];

impl Parent {
    /// Makes the month's table with its keys and constraints, and makes it a partition.
    pub(crate) fn create(self, month: Month) -> String {
        // Rows that are changed again and again leave dead ones behind.
        const GROWING: &str = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02";
        let Self { name, fill, clock, constraints } = self;
        let (table, from, to) = (month.table(name), month.first_day(), month.day_after());
        format!(
            "CREATE TABLE {table} (LIKE {name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)
               WITH (fillfactor = {fill}, {GROWING});
             {constraints}
             ALTER TABLE {name} ATTACH PARTITION {table} FOR VALUES FROM ('{from}{clock}') TO ('{to}{clock}');\n",
            constraints = constraints.replace("MONTH", &table)
        )
    }
}

/// Makes all who would write to the month wait, until the transaction ends.
pub(crate) fn stop_writing(month: Month) -> String {
    format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", month.table(DAYS.name))
}

/// Drops the month's tables.
pub(crate) fn drop(month: Month) -> String {
    let [parents, tables] = [
        ALL.map(|parent| format!("ONLY {}", parent.name)).join(", "),
        ALL.map(|parent| month.table(parent.name)).join(", "),
    ];
    format!("LOCK TABLE {parents} IN ACCESS EXCLUSIVE MODE; DROP TABLE IF EXISTS {tables}")
}
