//! The HTTP adapter: routes, wire types, problem details, connection limits.
