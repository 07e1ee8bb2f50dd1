//! The wire of ActivityWatch, `/api/0`: buckets, heartbeats and events of unchanged watchers.
