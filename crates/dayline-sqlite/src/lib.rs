//! SQLite adapters: the ping log, the ledger, accounts and sessions of an embedded Dayline.
