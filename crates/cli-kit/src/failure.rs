//! How a command ends that did not do what it was asked: one line for a person, and an exit code.

use std::fmt;

/// One line on standard error, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// It could not be done.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// It could not be done, because of this.
    pub fn because(error: impl fmt::Display) -> Self {
        Self::new(error.to_string())
    }

    /// It was asked for wrongly.
    pub fn usage(error: impl fmt::Display) -> Self {
        Self { message: error.to_string(), code: 2 }
    }

    /// Somebody stopped it. The exit code is what shells give for Ctrl-C.
    pub fn interrupted() -> Self {
        Self { message: "interrupted".to_owned(), code: 130 }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}
