//! A form with a file, read as it comes: its fields first, then the file, which is never in memory as a whole.

use std::error::Error;
use std::fmt;

use axum::body::Body;
use bytes::Bytes;
use dayline_http_kit::Problem;
use dayline_http_kit::body::StreamedBody;
use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use http::{header, request};
use multer::{Constraints, Field, Multipart, SizeLimit};

use crate::state::WebState;

/// Most bytes of a file.
pub(super) const MAX_FILE: usize = 32 << 20;
/// Most bytes of a form. Of a file that is too large the rest is read and dropped, since browsers show no answer before they
/// have sent everything.
const MAX_FORM: usize = 256 << 20;
/// Most bytes of another field.
const MAX_FIELD: u64 = 1_024;

/// A form that comes in.
pub(super) struct Upload<'a> {
    form: Multipart<'a>,
}

/// What stands before the file.
pub(super) struct Head<'a> {
    /// Editor of heartbeats that don't say theirs; blank for none.
    pub(super) editor: String,
    /// The file; `None` if none was chosen.
    pub(super) file: Option<File<'a>>,
}

/// The file that comes in.
pub(super) struct File<'a> {
    /// What it is called where it comes from.
    pub(super) name: String,
    field: Field<'a>,
    left: usize,
}

/// The next bytes of a file.
pub(super) enum Next {
    Bytes(Bytes),
    /// There was more than a file may have.
    TooLarge,
    End,
}

impl<'a> Upload<'a> {
    /// The form of a request, of which `parts` is the head.
    pub(super) fn of(web: &'a WebState, parts: &'a request::Parts, body: Body) -> Result<Self, Problem> {
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = content_type.and_then(|content_type| multer::parse_boundary(content_type).ok());
        let boundary = boundary.ok_or_else(|| {
            Problem::unsupported("unsupported_media_type", "content-type must be multipart/form-data")
        })?;
        let body = StreamedBody::of(&web.kit, parts, body, MAX_FORM)?;
        let limits = SizeLimit::new().for_field("editor", MAX_FIELD);
        let constraints = Constraints::new().allowed_fields(vec!["editor", "file"]).size_limit(limits);
        Ok(Self { form: Multipart::with_constraints(pieces(body), boundary, constraints) })
    }

    /// Reads up to the file.
    pub(super) async fn head(&mut self) -> Result<Head<'a>, Problem> {
        let mut editor = String::new();
        while let Some(field) = self.form.next_field().await.map_err(problem)? {
            if field.name() != Some("file") {
                editor = field.text().await.map_err(problem)?;
                continue;
            }
            let name = field.file_name().unwrap_or_default().to_owned();
            let file = (!name.is_empty()).then_some(File { name, field, left: MAX_FILE });
            return Ok(Head { editor, file });
        }
        Ok(Head { editor, file: None })
    }
}

impl File<'_> {
    /// The next bytes.
    pub(super) async fn next(&mut self) -> Result<Next, Problem> {
        let Some(bytes) = self.field.chunk().await.map_err(problem)? else { return Ok(Next::End) };
        let left = self.left.checked_sub(bytes.len());
        self.left = left.unwrap_or_default();
        Ok(if left.is_some() { Next::Bytes(bytes) } else { Next::TooLarge })
    }
}

fn pieces<'a>(body: StreamedBody<'a>) -> BoxStream<'a, Result<Bytes, Broken>> {
    let next = |mut body: StreamedBody<'a>| async move {
        let piece = body.next().await.map_err(Broken)?;
        Ok(piece.map(|piece| (piece, body)))
    };
    try_unfold(body, next).boxed()
}

/// What is wrong with a body, on its way through the reader of forms.
#[derive(Debug)]
struct Broken(Problem);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.detail())
    }
}

impl Error for Broken {}

fn problem(error: multer::Error) -> Problem {
    let unreadable =
        || Problem::malformed("invalid_form", "the form is cut off, or has other fields than it should");
    match error {
        multer::Error::StreamReadFailed(error) => {
            error.downcast::<Broken>().map_or_else(|_| unreadable(), |broken| broken.0)
        }
        _ => unreadable(),
    }
}
