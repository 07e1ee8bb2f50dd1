//! What there is to choose from in forms.

/// One of several that can be chosen.
pub(crate) struct Choice {
    /// What the form sends.
    pub(crate) value: String,
    /// What people read.
    pub(crate) name: String,
    pub(crate) chosen: bool,
}

impl Choice {
    /// A choice, which is the chosen one if its value is that.
    pub(crate) fn of(value: &str, name: impl Into<String>, chosen: &str) -> Self {
        Self { value: value.to_owned(), name: name.into(), chosen: value == chosen }
    }
}
