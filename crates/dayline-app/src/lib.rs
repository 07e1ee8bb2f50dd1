//! Dayline's use cases and the ports they need: std only, no adapter is known here.
