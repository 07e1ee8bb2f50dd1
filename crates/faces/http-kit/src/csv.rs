//! Tables as CSV (RFC 4180): CRLF, a header line, every free text in quotes.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and names of
//! apps come from whatever a tracker saw. So such a text gets an apostrophe in front; the JSON
//! answer has it unchanged. Spreadsheets differ in what they take for a beginning: some skip blanks,
//! some know full-width signs, and those that part columns by `;` or tabs see one within the text.

/// The media type of a table, whose first line is a head.
pub const MEDIA_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// What tells some spreadsheets that a file is UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What begins a formula in some spreadsheet: the signs of ASCII and what looks like them.
const SIGNS: [char; 13] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '−', '﹦', '﹢', '﹣', '﹫'];

/// What stands between two cells in some spreadsheet, though not in this table.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// Whether a spreadsheet may take a cell with this text for a formula.
fn is_formula(cell: &str) -> bool {
    let is_blank =
        |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    // White space that is not plain may be dropped with whatever follows it.
    cell.starts_with(['\t', '\r', '\n', '\u{a0}']) || cell.trim_start_matches(is_blank).starts_with(SIGNS)
}

/// Milliseconds as a cell of seconds, with exactly those that were counted: `12`, `12.345`.
pub fn seconds(ms: i64) -> String {
    let (whole, rest) = (ms / 1_000, ms % 1_000);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:03}").trim_end_matches('0').to_owned()
}

/// A table being written.
pub struct Csv {
    text: String,
    begun: bool,
}

impl Csv {
    /// A table with these column names, which need no quotes.
    pub fn new(columns: &str) -> Self {
        Self { text: format!("{columns}\r\n"), begun: false }
    }

    /// More rows of a table that was begun before.
    pub fn more() -> Self {
        Self { text: String::new(), begun: false }
    }

    /// Adds a cell of free text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.separate();
        self.text.push('"');
        let mut is_start = true;
        for (at, c) in text.char_indices() {
            if is_start && is_formula(&text[at..]) {
                self.text.push('\'');
            }
            is_start = SEPARATORS.contains(&c);
            if c == '"' {
                self.text.push('"');
            }
            self.text.push(c);
        }
        self.text.push('"');
        self
    }

    /// Adds a cell of free text, or an empty one.
    pub fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.plain(""),
        }
    }

    /// Adds a cell that we wrote ourselves: a number, a time, a date, or nothing.
    pub fn plain(&mut self, cell: &str) -> &mut Self {
        self.separate();
        self.text.push_str(cell);
        self
    }

    /// Ends a row.
    pub fn end_row(&mut self) {
        self.text.push_str("\r\n");
        self.begun = false;
    }

    /// The table.
    pub fn finish(self) -> String {
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
    fn every_text_is_quoted_and_what_is_no_text_is_not() {
        assert_eq!(cell("Code"), r#""Code""#);
        assert_eq!(cell(""), r#""""#);
        assert_eq!(cell("a,b"), r#""a,b""#);
        assert_eq!(cell(r#"say "hi""#), r#""say ""hi""""#);
        assert_eq!(cell("a\nb"), "\"a\nb\"");
        let mut csv = Csv::more();
        csv.optional(None).optional(Some("a")).plain("7").end_row();
        assert_eq!(csv.finish(), ",\"a\",7\r\n");
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for sign in SIGNS {
            for before in ["", " ", "\u{a0}", "\u{3000}", "\u{feff}", "\u{200b} "] {
                let text = format!("{before}{sign}1+1");
                assert_eq!(cell(&text), format!("\"'{text}\""), "{text:?}");
            }
        }
        for text in ["\t=1", "\r=1", "\tx", "\u{a0}x"] {
            assert!(cell(text).starts_with("\"'"), "{text:?}");
        }
        assert_eq!(cell("a=1"), r#""a=1""#);
        assert_eq!(cell("a; b"), r#""a; b""#);
    }

    #[test]
    fn nothing_within_a_text_is_a_formula_where_a_semicolon_or_a_tab_parts_cells() {
        assert_eq!(cell("a;=1+1"), r#""a;'=1+1""#);
        assert_eq!(cell("a; ＝1;b;-2"), r#""a;' ＝1;b;'-2""#);
        assert_eq!(cell("a\t+1\n@x"), "\"a\t'+1\n'@x\"");
    }
}
