//! The pages: of each a handler, what its template is filled with, and what its forms do.

pub(crate) mod activity;
mod coloured;
pub(crate) mod connect;
pub(crate) mod corrections;
pub(crate) mod day;
mod day_filter;
pub(crate) mod day_intervals;
mod day_list;
mod day_plot;
mod day_ranks;
pub(crate) mod device;
pub(crate) mod devices;
pub(crate) mod file;
mod live;
mod period;
mod pieces;
pub(crate) mod range;
mod range_charts;
pub(crate) mod register;
pub(crate) mod reset_password;
mod selected;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod start;
pub(crate) mod table;
pub(crate) mod why;
pub(crate) mod work_hours;
