//! Numbers, texts and blocks of bytes, one behind the other: what an entry of the cache is made of.
//! Every block is packed by itself, so that a column is unpacked right into where it stays.

use std::io;

use zstd::bulk::{Compressor, Decompressor};

/// How hard blocks are packed: unpacking is to take less than decoding does, and the cache holds a
/// period.
const LEVEL: i32 = 1;

/// What stands in an entry is not what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Broken;

/// Packs what is kept.
pub(in crate::source) struct Packer {
    bytes: Vec<u8>,
    packer: Compressor<'static>,
}

impl Packer {
    pub(super) fn new() -> io::Result<Packer> {
        Ok(Packer { bytes: Vec::new(), packer: Compressor::new(LEVEL)? })
    }

    pub(in crate::source) fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(in crate::source) fn block(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.number(bytes.len() as u64);
        if bytes.is_empty() {
            return Ok(());
        }
        let packed = self.packer.compress(bytes)?;
        self.number(packed.len() as u64);
        self.bytes.extend_from_slice(&packed);
        Ok(())
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Unpacks what was kept, and whose checksum holds.
pub(in crate::source) struct Unpacker<'b> {
    rest: &'b [u8],
    unpacker: Decompressor<'static>,
}

impl<'b> Unpacker<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Result<Unpacker<'b>, Broken> {
        Ok(Unpacker { rest: bytes, unpacker: Decompressor::new().map_err(|_| Broken)? })
    }

    pub(in crate::source) fn number(&mut self) -> Result<u64, Broken> {
        let (number, rest) = self.rest.split_first_chunk::<8>().ok_or(Broken)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*number))
    }

    /// A number of things in memory.
    pub(super) fn count(&mut self) -> Result<usize, Broken> {
        usize::try_from(self.number()?).map_err(|_| Broken)
    }

    pub(super) fn text(&mut self) -> Result<String, Broken> {
        let length = self.count()?;
        let text = self.take(length)?.to_vec();
        String::from_utf8(text).map_err(|_| Broken)
    }

    pub(in crate::source) fn block(&mut self) -> Result<Vec<u8>, Broken> {
        let unpacked = self.count()?;
        if unpacked == 0 {
            return Ok(Vec::new());
        }
        let packed = self.count()?;
        let packed = self.take(packed)?;
        let bytes = self.unpacker.decompress(packed, unpacked).map_err(|_| Broken)?;
        if bytes.len() == unpacked { Ok(bytes) } else { Err(Broken) }
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Broken> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Broken)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Nothing stands behind.
    pub(super) fn finish(self) -> Result<(), Broken> {
        if self.rest.is_empty() { Ok(()) } else { Err(Broken) }
    }
}
