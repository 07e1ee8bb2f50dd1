//! In-process adapters: clock, randomness, time zones, site names, passwords, tokens, limits.
