//! Tables as CSV (RFC 4180): CRLF, a header line, quotes where needed.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and names of
//! apps come from whatever a tracker saw. So such a text gets an apostrophe in front; the JSON
//! answer has it unchanged.

/// A table being written.
pub(crate) struct Csv {
    text: String,
    begun: bool,
}

impl Csv {
    /// A table with these column names, which need no quotes.
    pub(crate) fn new(columns: &str) -> Self {
        Self { text: format!("{columns}\r\n"), begun: false }
    }

    /// More rows of a table that was begun before.
    pub(crate) fn more() -> Self {
        Self { text: String::new(), begun: false }
    }

    /// Adds a cell of free text.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.separate();
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if !formula && !text.contains(['"', ',', '\n', '\r']) {
            self.text.push_str(text);
            return self;
        }
        self.text.push('"');
        if formula {
            self.text.push('\'');
        }
        for (at, part) in text.split('"').enumerate() {
            self.text.push_str(if at == 0 { "" } else { "\"\"" });
            self.text.push_str(part);
        }
        self.text.push('"');
        self
    }

    /// Adds a cell that we wrote ourselves: a number, a time, a date, or nothing.
    pub(crate) fn plain(&mut self, cell: &str) -> &mut Self {
        self.separate();
        self.text.push_str(cell);
        self
    }

    /// Ends a row.
    pub(crate) fn end_row(&mut self) {
        self.text.push_str("\r\n");
        self.begun = false;
    }

    /// The table.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn separate(&mut self) {
        if std::mem::replace(&mut self.begun, true) {
            self.text.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut csv = Csv::new("a,b");
        csv.text(text).plain("1").end_row();
        csv.finish().strip_prefix("a,b\r\n").unwrap().strip_suffix(",1\r\n").unwrap().to_owned()
    }

    #[test]
    fn cells_are_quoted_where_needed() {
        assert_eq!(cell("Code"), "Code");
        assert_eq!(cell(""), "");
        assert_eq!(cell("a,b"), r#""a,b""#);
        assert_eq!(cell(r#"say "hi""#), r#""say ""hi""""#);
        assert_eq!(cell("a\nb"), "\"a\nb\"");
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(cell(text), format!("\"'{text}\""));
        }
        assert_eq!(cell("a=1"), "a=1");
    }
}
