//! A connection's socket in halves: one task reads it, whoever has something to say writes.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// What is read.
pub(crate) enum ReadHalf {
    /// A TCP socket.
    Tcp(OwnedReadHalf),
    /// Any other stream, as one that is encrypted.
    Other(Box<dyn AsyncRead + Send + Unpin>),
}

/// What is written.
pub(crate) enum WriteHalf {
    /// A TCP socket, which every task can write to.
    Tcp(OwnedWriteHalf),
    /// Any other stream, for the connection's task alone.
    Other(Box<dyn AsyncWrite + Send + Unpin>),
    /// A socket that several connections share: its task takes what they have queued.
    Shared,
}

/// The halves of an upgraded HTTP connection, and what was read of it already.
pub(crate) fn upgraded(upgraded: Upgraded) -> (Vec<u8>, ReadHalf, WriteHalf) {
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(Parts { io, read_buf, .. }) => {
            let (reads, writes) = io.into_inner().into_split();
            (read_buf.into(), ReadHalf::Tcp(reads), WriteHalf::Tcp(writes))
        }
        Err(upgraded) => {
            let (reads, writes) = halves(TokioIo::new(upgraded));
            (Vec::new(), reads, writes)
        }
    }
}

/// The halves of any stream.
pub(crate) fn halves<S: AsyncRead + AsyncWrite + Send + 'static>(stream: S) -> (ReadHalf, WriteHalf) {
    let (reads, writes) = tokio::io::split(stream);
    (ReadHalf::Other(Box::new(reads)), WriteHalf::Other(Box::new(writes)))
}

impl ReadHalf {
    /// Reads what is there; 0 bytes are the end.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let read = match self {
            Self::Tcp(half) => Pin::new(half).poll_read(cx, &mut buffer),
            Self::Other(half) => Pin::new(half).poll_read(cx, &mut buffer),
        };
        read.map_ok(|()| buffer.filled().len())
    }
}

impl WriteHalf {
    /// Writes what the socket takes now; for the connection's task, which is woken when it takes more.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(half) => Pin::new(half).poll_write(cx, bytes),
            Self::Other(half) => Pin::new(half).poll_write(cx, bytes),
            Self::Shared => Poll::Pending,
        }
    }

    /// Hands on what a stream may have kept back.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(_) | Self::Shared => Poll::Ready(Ok(())),
            Self::Other(half) => Pin::new(half).poll_flush(cx),
        }
    }

    /// The same for every other task, which nobody wakes. The socket itself is asked: what tokio knows of it stands
    /// in a place of its own, which for most sockets is in no cache.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(half) => match SockRef::from(half.as_ref()).send(bytes) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    Poll::Pending
                }
                written => Poll::Ready(written),
            },
            Self::Other(_) | Self::Shared => Poll::Pending,
        }
    }
}
