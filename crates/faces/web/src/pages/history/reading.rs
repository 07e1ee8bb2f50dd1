//! Reads a file while it comes in: in a thread of its own, as fast as what it has is taken.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use dayline_app::AppError;
use dayline_foreign::file::{self, How};
use dayline_foreign::{Item, Stopped};
use dayline_http_kit::Problem;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;

use super::taking::Taking;
use super::upload::{File, Next};

/// Most pieces of a file: as many as a person may send at once.
pub(super) const MAX_PIECES: usize = 50_000;
/// Pieces that are taken together: as many as fit into a record of the log, however long their names are.
const AT_ONCE: usize = 500;
/// Bytes of events that may wait until it is known of what kind they are.
const MOST_HELD: usize = 4 << 20;
/// Pieces of the body that may wait to be read.
const WAITING_BYTES: usize = 8;
/// Times as many pieces of the file may wait to be taken.
const WAITING_ITEMS: usize = 2;

/// Why a file was not read to its end.
pub(super) enum Failure {
    /// There is none.
    NoFile,
    /// It has more bytes than a file may have.
    TooLarge,
    /// It has more pieces than a file may have.
    TooMany,
    /// It can't be read, and why.
    Unreadable(String),
    /// What it has can't be taken now.
    NotTaken(AppError),
    /// It does not come.
    Broken(Problem),
}

/// Reads a file, and gives what it has to `taking`.
pub(super) async fn read(mut file: File<'_>, editor: &str, taking: &mut Taking<'_>) -> Result<(), Failure> {
    let (bytes_in, bytes) = channel(WAITING_BYTES);
    let (items_out, items) = channel(WAITING_ITEMS);
    let editor = Some(editor.trim().to_owned()).filter(|editor| !editor.is_empty());
    let reading = spawn_blocking(move || Reader::to(items_out).read(Pieces::of(bytes), editor.as_deref()));
    let (fed, taken) = tokio::join!(feed(&mut file, bytes_in), take(items, taking));
    let read = reading.await.map_err(|error| Failure::NotTaken(AppError::Internal(error.to_string())))?;
    fed.and(taken.map_err(Failure::NotTaken)).and(read)
}

/// Hands the bytes of a file on, as long as somebody takes them; what comes then is dropped.
async fn feed(file: &mut File<'_>, out: Sender<Bytes>) -> Result<(), Failure> {
    let mut out = Some(out);
    let mut is_too_large = false;
    loop {
        match file.next().await.map_err(Failure::Broken)? {
            Next::Bytes(bytes) => {
                if let Some(open) = &out
                    && open.send(bytes).await.is_err()
                {
                    out = None;
                }
            }
            Next::TooLarge => (out, is_too_large) = (None, true),
            Next::End if is_too_large => return Err(Failure::TooLarge),
            Next::End => return Ok(()),
        }
    }
}

/// Takes what was read, some at a time. When it fails nothing more is read.
async fn take(mut items: Receiver<Vec<Item>>, taking: &mut Taking<'_>) -> Result<(), AppError> {
    while let Some(some) = items.recv().await {
        taking.take(&some).await?;
    }
    Ok(())
}

/// What is read and waits to be taken.
struct Reader {
    out: Sender<Vec<Item>>,
    items: Vec<Item>,
    pieces: usize,
}

impl Reader {
    fn to(out: Sender<Vec<Item>>) -> Self {
        Self { out, items: Vec::new(), pieces: 0 }
    }

    /// Reads a file to its end.
    fn read(mut self, bytes: Pieces, editor: Option<&str>) -> Result<(), Failure> {
        let outcome = file::read(bytes, &How { editor, most_held: MOST_HELD }, &mut |item| self.add(item));
        if self.pieces > MAX_PIECES {
            return Err(Failure::TooMany);
        }
        // Also of a file that is cut off, what was read is told.
        self.hand_on().ok();
        outcome.map_err(Failure::Unreadable)
    }

    fn add(&mut self, item: Item) -> Result<(), Stopped> {
        self.pieces += usize::from(!matches!(item, Item::LeftOut(_)));
        if self.pieces > MAX_PIECES {
            return Err(Stopped);
        }
        self.items.push(item);
        if self.items.len() == AT_ONCE { self.hand_on() } else { Ok(()) }
    }

    fn hand_on(&mut self) -> Result<(), Stopped> {
        self.out.blocking_send(std::mem::take(&mut self.items)).map_err(|_| Stopped)
    }
}

/// Bytes as they come, to be read in a thread that may wait for them.
struct Pieces {
    from: Receiver<Bytes>,
    piece: Bytes,
}

impl Pieces {
    fn of(from: Receiver<Bytes>) -> Self {
        Self { from, piece: Bytes::new() }
    }
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.piece.has_remaining() {
            match self.from.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let number = into.len().min(self.piece.remaining());
        self.piece.copy_to_slice(&mut into[..number]);
        Ok(number)
    }
}
