//! A TCP stream that tells its connection when bytes come and go, and closes without losing the
//! last answer.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::bare;
use super::head::Head;
use super::peer::{Peer, Phase};

/// Most bytes that are read and thrown away while a connection closes.
const MAX_LEFTOVER: usize = 8 << 20;
/// Bytes that are thrown away at a time. In small pieces it costs more than to take a body in: each of
/// them makes the client send as little again.
const THROWN_AWAY_AT_ONCE: usize = 256 << 10;

thread_local! {
    /// Where leftovers are read into, once for all connections of a thread.
    static LEFTOVERS: RefCell<Box<[u8]>> = RefCell::new(vec![0; THROWN_AWAY_AT_ONCE].into());
}

pub(super) struct Stream {
    tcp: TcpStream,
    peer: Peer,
    head: Head,
    ended: bool,
    /// Our answer instead of one that the parser gave, and how much of it is written.
    instead: Option<(Vec<u8>, usize)>,
    /// What may still be thrown away; set when our side is closed.
    leftover: Option<usize>,
}

impl Stream {
    pub(super) fn new(tcp: TcpStream, peer: Peer) -> Self {
        Self { tcp, peer, head: Head::default(), ended: false, instead: None, leftover: None }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buffer))?;
        self.has_read(&mut buffer.filled_mut()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl Stream {
    fn has_read(&mut self, bytes: &mut [u8]) {
        let phase = self.peer.phase().0;
        if bytes.is_empty() {
            self.ended = true;
        }
        if phase == Phase::Idle {
            self.peer.enter(Phase::Head);
            self.head = Head::default();
        }
        if matches!(phase, Phase::Idle | Phase::Head)
            && let Some(fault) = self.head.read(bytes)
        {
            self.peer.set_fault(fault);
        }
    }
}

impl Stream {
    /// Whether what is to be written is an answer of the parser, and not of ours to a request.
    fn is_bare(&mut self, bytes: &[u8]) -> bool {
        if self.instead.is_none() && matches!(self.peer.phase().0, Phase::Idle | Phase::Head) {
            self.instead = bare::instead_of(bytes, self.peer.fault()).map(|answer| (answer, 0));
        }
        self.instead.is_some()
    }

    /// Writes our answer instead of so many bytes, all of it.
    fn poll_write_instead(&mut self, cx: &mut Context<'_>, of: usize) -> Poll<io::Result<usize>> {
        while let Some((answer, written)) = &mut self.instead
            && *written < answer.len()
        {
            let more = Pin::new(&mut self.tcp).poll_write(cx, &answer[*written..]);
            self.peer.writes(more.is_pending());
            match ready!(more)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                more => *written += more,
            }
        }
        self.instead = None;
        Poll::Ready(Ok(of))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_bare(bytes) {
            return self.poll_write_instead(cx, bytes.len());
        }
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.peer.writes(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [bytes] = slices
            && self.is_bare(bytes)
        {
            return self.poll_write_instead(cx, bytes.len());
        }
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.peer.writes(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    /// Closes our side, then reads until the client has closed its own. A socket closed with bytes
    /// unread resets the connection, and the client may lose the answer that says why its body was
    /// not wanted.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let left = if let Some(left) = self.leftover {
            left
        } else {
            ready!(Pin::new(&mut self.tcp).poll_shutdown(cx))?;
            self.peer.enter(Phase::Closing);
            MAX_LEFTOVER
        };
        if self.ended || left == 0 {
            return Poll::Ready(Ok(()));
        }
        self.leftover = Some(left);
        let thrown_away = ready!(self.poll_throw_away(cx))?;
        self.ended = thrown_away == 0;
        self.leftover = Some(left.saturating_sub(thrown_away));
        // Others come first: what is thrown away is in no hurry.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Stream {
    /// Reads bytes that nobody wants, and says how many.
    fn poll_throw_away(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        LEFTOVERS.with_borrow_mut(|leftovers| {
            let mut buffer = ReadBuf::new(leftovers);
            let read = Pin::new(&mut self.tcp).poll_read(cx, &mut buffer);
            read.map_ok(|()| buffer.filled().len())
        })
    }
}
