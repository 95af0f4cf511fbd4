//! The body of a POST over long-polling: a batch of packets, each of which may be as large as a message over a
//! WebSocket. The library only bounds the batch as a whole, and would accept one packet of that size.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

/// How many of the largest messages fit into one POST.
pub(crate) const MAX_MESSAGES: u64 = 16;
/// The most packets in one POST, pings and pongs included.
const MAX_PACKETS: usize = 1024;
/// The byte that separates two packets.
const SEPARATOR: u8 = 0x1e;

/// A batch that is being received.
pub(crate) struct Batch {
    body: Body,
    /// The largest packet, in bytes.
    max_packet: usize,
    /// Bytes of the current packet that have arrived.
    length: usize,
    /// Packets that have begun to arrive.
    packets: usize,
}

impl Batch {
    pub(crate) fn new(body: Body, max_packet: usize) -> Self {
        Self { body, max_packet, length: 0, packets: 1 }
    }

    /// Counts the bytes that have arrived; returns `false` if they exceed a limit.
    fn count(&mut self, bytes: &[u8]) -> bool {
        let mut pieces = bytes.split(|byte| *byte == SEPARATOR);
        self.length += pieces.next().map_or(0, <[u8]>::len);
        for piece in pieces {
            self.packets += 1;
            if self.length > self.max_packet {
                return false;
            }
            self.length = piece.len();
        }
        self.length <= self.max_packet && self.packets <= MAX_PACKETS
    }
}

impl HttpBody for Batch {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(part)) = &frame
            && let Some(bytes) = part.data_ref()
            && !self.count(bytes)
        {
            return Poll::Ready(Some(Err(axum::Error::new("a packet is too large, or there are too many"))));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&str], expected: bool) {
        let mut batch = Batch::new(Body::empty(), 4);
        let accepted = pieces.iter().all(|piece| batch.count(piece.as_bytes()));
        assert_eq!(accepted, expected, "{pieces:?}");
    }

    #[test]
    fn packets_are_bounded_in_size_and_in_number() {
        check(&["1234"], true);
        check(&["1234\x1e1234\x1e\x1e1234"], true);
        check(&["12345"], false);
        check(&["12345\x1e1"], false);
        check(&["1\x1e12345"], false);
        check(&["12", "34", "\x1e12", "34"], true);
        check(&["12", "345"], false);
        check(&["1\x1e12", "345"], false);
        check(&["1\x1e"; MAX_PACKETS - 1], true);
        check(&["1\x1e"; MAX_PACKETS], false);
    }
}
