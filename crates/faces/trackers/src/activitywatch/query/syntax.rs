//! Queries as they are written: assignments of expressions to names, each with a semicolon behind it.
//! Not here: what functions do.

use super::stopped::Wrong;

/// Deepest nesting of lists, objects and calls.
const DEEPEST: usize = 32;

/// What a name is given.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Text(String),
    Number(f64),
    Flag(bool),
    List(Vec<Expression>),
    Object(Vec<(String, Expression)>),
    Name(String),
    Call(String, Vec<Expression>),
}

/// Reads a query: names with what they are given, in order.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn read(query: &str) -> Result<Vec<(String, Expression)>, Wrong> {
    let mut reader = Reader { query, at: 0 };
    let mut assignments = Vec::new();
    loop {
        reader.skip_blanks();
        if reader.rest().is_empty() {
            return Ok(assignments);
        }
        if reader.takes(';') {
            continue;
        }
        let name = reader.name()?;
        reader.expect('=')?;
        assignments.push((name, reader.expression(0)?));
        reader.skip_blanks();
        if !reader.rest().is_empty() {
            reader.expect(';')?;
        }
    }
}

struct Reader<'a> {
    query: &'a str,
    /// In bytes.
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.query.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        self.at = self.query.len() - self.rest().trim_start().len();
    }

    /// Skips blanks, then the character if it is there.
    fn takes(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn expect(&mut self, wanted: char) -> Result<(), Wrong> {
        if self.takes(wanted) { Ok(()) } else { Err(self.wrong(format!("there must be a {wanted}"))) }
    }

    /// A mistake at this place. What is written there is not repeated.
    fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong(format!("{} at character {}", what.into(), self.query[..self.at].chars().count() + 1))
    }

    fn name(&mut self) -> Result<String, Wrong> {
        self.skip_blanks();
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = rest[..length].to_owned();
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.wrong("there must be a name"));
        }
        self.at += length;
        Ok(name)
    }

    fn expression(&mut self, depth: usize) -> Result<Expression, Wrong> {
        if depth > DEEPEST {
            return Err(self.wrong(format!("it is nested more than {DEEPEST} deep")));
        }
        self.skip_blanks();
        match self.peek() {
            Some(quote @ ('"' | '\'')) => self.text(quote).map(Expression::Text),
            Some('[') => Ok(Expression::List(self.items('[', ']', depth)?)),
            Some('{') => self.object(depth),
            Some(c) if c.is_ascii_digit() || c == '-' => self.number(),
            _ => self.named(depth),
        }
    }

    fn named(&mut self, depth: usize) -> Result<Expression, Wrong> {
        let name = self.name()?;
        self.skip_blanks();
        if self.peek() == Some('(') {
            return Ok(Expression::Call(name, self.items('(', ')', depth)?));
        }
        Ok(match name.as_str() {
            "true" | "True" => Expression::Flag(true),
            "false" | "False" => Expression::Flag(false),
            _ => Expression::Name(name),
        })
    }

    fn number(&mut self) -> Result<Expression, Wrong> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let number = rest[..length].parse().ok().filter(|number: &f64| number.is_finite());
        let number = number.ok_or_else(|| self.wrong("there must be a number"))?;
        self.at += length;
        Ok(Expression::Number(number))
    }

    /// A text in quotes. One with a backslash before it is part of the text, whatever stands before that, as the reference has it. All
    /// other backslashes stay: they are those of regular expressions, which clients write with no more of them.
    fn text(&mut self, quote: char) -> Result<String, Wrong> {
        let mut text = String::new();
        for (at, c) in self.rest().char_indices().skip(1) {
            if c != quote {
                text.push(c);
            } else if text.ends_with('\\') {
                text.pop();
                text.push(quote);
            } else {
                self.at += at + quote.len_utf8();
                return Ok(text);
            }
        }
        Err(self.wrong("a text does not end"))
    }

    fn items(&mut self, open: char, close: char, depth: usize) -> Result<Vec<Expression>, Wrong> {
        self.expect(open)?;
        let mut items = Vec::new();
        while !self.takes(close) {
            items.push(self.expression(depth + 1)?);
            if !self.takes(',') {
                self.expect(close)?;
                break;
            }
        }
        Ok(items)
    }

    fn object(&mut self, depth: usize) -> Result<Expression, Wrong> {
        self.expect('{')?;
        let mut members = Vec::new();
        while !self.takes('}') {
            self.skip_blanks();
            let Some(quote @ ('"' | '\'')) = self.peek() else {
                return Err(self.wrong("there must be a name in quotes"));
            };
            let name = self.text(quote)?;
            self.expect(':')?;
            members.push((name, self.expression(depth + 1)?));
            if !self.takes(',') {
                self.expect('}')?;
                break;
            }
        }
        Ok(Expression::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Expression {
        Expression::Text(text.into())
    }

    #[test]
    fn queries_are_read_as_clients_write_them() {
        let query = "bucket=\"aw-test\";\n RETURN = query_bucket(bucket, [1, -2.5, 'it\\'s'], {\"a\": True, 'b': []}) ;;";
        let list = Expression::List(vec![Expression::Number(1.0), Expression::Number(-2.5), text("it's")]);
        let members =
            vec![("a".to_owned(), Expression::Flag(true)), ("b".to_owned(), Expression::List(vec![]))];
        let call = Expression::Call(
            "query_bucket".into(),
            vec![Expression::Name("bucket".into()), list, Expression::Object(members)],
        );
        assert_eq!(read(query), Ok(vec![("bucket".into(), text("aw-test")), ("RETURN".into(), call)]));
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read("a = \"x;y\""), Ok(vec![("a".into(), text("x;y"))]));
        assert_eq!(read(r#"a = "\d\n\\ \" \\"""#), Ok(vec![("a".into(), text(r#"\d\n\\ " \""#))]));
    }

    #[test]
    fn what_is_no_query_is_refused_and_not_repeated() {
        for query in [
            "secret",
            "secret secret",
            "= 1",
            "1secret = 2",
            "a = ",
            "a = 'secret",
            "a = secret(",
            "a = [1 2]",
            "a = {secret: 1}",
            "a = 1 b = 2",
            "a = 1e999",
            "é = 1",
            "a = 'x\\",
        ] {
            let Err(Wrong(why)) = read(query) else { panic!("{query}") };
            assert!(why.contains(" at character ") && !why.contains("secret"), "{query}: {why}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("a = {}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(32)).is_ok());
        assert!(read(&nested(34)).is_err() && read(&"a = f(".repeat(100_000)).is_err());
    }
}
