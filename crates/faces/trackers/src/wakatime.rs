//! The wire of WakaTime plug-ins: heartbeats in, the status bar and sums out.
