//! Ed25519 keys and signatures as minisign writes them (<https://jedisct1.github.io/minisign/>), so
//! that a partner without Hutong can verify with a common tool. Secret keys stand without a
//! password, as of `minisign -G -W`; what keeps them is the file's mode.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// An Ed25519 key, and a signature over the content itself.
const PURE: &[u8] = b"Ed";
/// A signature over the BLAKE2b-512 of the content.
const PREHASHED: &[u8] = b"ED";
/// No password.
const NO_KDF: [u8; 2] = [0; 2];
/// The checksum of a secret key is BLAKE2b-256.
const CHECKSUM: &[u8] = b"B2";
/// Salt and limits of a password, which is none.
const NO_LIMITS: [u8; 48] = [0; 48];

/// How long a secret key is.
const SECRET_BYTES: usize = 158;

/// Why a key or a signature cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not in the form of minisign.
    #[error("it is no {0} of minisign")]
    Form(&'static str),
    /// The secret key has a password.
    #[error("the secret key has a password; make one without, as `hutong key` does")]
    Password,
    /// The secret key does not match its own checksum or public half.
    #[error("the secret key is damaged")]
    Damaged,
    /// The signature is of another key.
    #[error("it was signed with another key")]
    OtherKey,
    /// The signature is not of this content.
    #[error("the signature is not of this content")]
    Content,
    /// The trusted comment was altered.
    #[error("the trusted comment was altered")]
    Comment,
}

/// A key with which publications are signed.
pub struct SecretKey {
    id: [u8; 8],
    key: SigningKey,
}

/// A key with which signatures are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: [u8; 8],
    key: VerifyingKey,
}

/// A key's number as minisign shows it.
fn shown(id: [u8; 8]) -> String {
    format!("{:016X}", u64::from_le_bytes(id))
}

/// The second line of a text, decoded; the first is an untrusted comment.
fn body(text: &str, what: &'static str) -> Result<Vec<u8>, KeyError> {
    let line = text.lines().nth(1).ok_or(KeyError::Form(what))?;
    BASE64_STANDARD.decode(line.trim()).map_err(|_| KeyError::Form(what))
}

/// Takes so many bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8], what: &'static str) -> Result<[u8; N], KeyError> {
    let (front, rest) = bytes.split_first_chunk::<N>().ok_or(KeyError::Form(what))?;
    *bytes = rest;
    Ok(*front)
}

fn checksum(id: [u8; 8], pair: [u8; 64]) -> [u8; 32] {
    let mut hasher = Blake2b::<U32>::new();
    hasher.update(PURE);
    hasher.update(id);
    hasher.update(pair);
    hasher.finalize().into()
}

impl SecretKey {
    /// The key of 40 random bytes.
    #[must_use]
    pub fn of(random: [u8; 40]) -> SecretKey {
        let (mut id, mut seed) = ([0; 8], [0; 32]);
        id.copy_from_slice(&random[..8]);
        seed.copy_from_slice(&random[8..]);
        SecretKey { id, key: SigningKey::from_bytes(&seed) }
    }

    /// Reads a secret key without a password.
    ///
    /// # Errors
    /// [`KeyError`] when it is none, has a password or is damaged.
    pub fn read(text: &str) -> Result<SecretKey, KeyError> {
        let what = "secret key";
        let bytes = body(text, what)?;
        if bytes.len() != SECRET_BYTES {
            return Err(KeyError::Form(what));
        }
        let mut rest = bytes.as_slice();
        if take::<2>(&mut rest, what)? != PURE {
            return Err(KeyError::Form(what));
        }
        if take::<2>(&mut rest, what)? != NO_KDF {
            return Err(KeyError::Password);
        }
        if take::<2>(&mut rest, what)? != CHECKSUM {
            return Err(KeyError::Form(what));
        }
        let _limits = take::<48>(&mut rest, what)?;
        let (id, pair, sum) = (
            take::<8>(&mut rest, what)?,
            take::<64>(&mut rest, what)?,
            take::<32>(&mut rest, what)?,
        );
        let key = SigningKey::from_keypair_bytes(&pair).map_err(|_| KeyError::Damaged)?;
        if !rest.is_empty() || sum != checksum(id, pair) {
            return Err(KeyError::Damaged);
        }
        Ok(SecretKey { id, key })
    }

    /// The key as minisign writes it.
    #[must_use]
    pub fn text(&self) -> String {
        let pair = self.key.to_keypair_bytes();
        let sum = checksum(self.id, pair);
        let bytes = [PURE, &NO_KDF, CHECKSUM, &NO_LIMITS, &self.id, &pair, &sum].concat();
        let comment = "untrusted comment: minisign secret key";
        format!("{comment} {}\n{}\n", shown(self.id), BASE64_STANDARD.encode(bytes))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id, key: self.key.verifying_key() }
    }

    /// Signs a content with a comment that is signed as well.
    #[must_use]
    pub fn sign(&self, content: &[u8], comment: &str) -> String {
        let signature = self.key.sign(&Blake2b512::digest(content)).to_bytes();
        let of_comment = [&signature[..], comment.as_bytes()].concat();
        let over_all = self.key.sign(&of_comment).to_bytes();
        format!(
            "untrusted comment: signature from key {}\n{}\ntrusted comment: {comment}\n{}\n",
            shown(self.id),
            BASE64_STANDARD.encode([PREHASHED, &self.id, &signature].concat()),
            BASE64_STANDARD.encode(over_all)
        )
    }
}

impl PublicKey {
    /// Reads a public key.
    ///
    /// # Errors
    /// [`KeyError::Form`] when it is none.
    pub fn read(text: &str) -> Result<PublicKey, KeyError> {
        let what = "public key";
        let bytes = body(text, what)?;
        let mut rest = bytes.as_slice();
        if take::<2>(&mut rest, what)? != PURE {
            return Err(KeyError::Form(what));
        }
        let (id, key) = (take::<8>(&mut rest, what)?, take::<32>(&mut rest, what)?);
        let key = VerifyingKey::from_bytes(&key).map_err(|_| KeyError::Form(what))?;
        if rest.is_empty() { Ok(PublicKey { id, key }) } else { Err(KeyError::Form(what)) }
    }

    /// The key as minisign writes it.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = [PURE, &self.id, self.key.as_bytes()].concat();
        let comment = "untrusted comment: minisign public key";
        format!("{comment} {}\n{}\n", shown(self.id), BASE64_STANDARD.encode(bytes))
    }

    /// Its number, 16 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        shown(self.id)
    }

    /// Verifies a signature of a content, and gives its trusted comment.
    ///
    /// # Errors
    /// [`KeyError`] when it is none, or of another key, content or comment.
    pub fn verify(&self, content: &[u8], signature: &str) -> Result<String, KeyError> {
        let what = "signature";
        let bytes = body(signature, what)?;
        let mut rest = bytes.as_slice();
        let is_prehashed = match take::<2>(&mut rest, what)? {
            form if form == PREHASHED => true,
            form if form == PURE => false,
            _ => return Err(KeyError::Form(what)),
        };
        let (id, first) = (take::<8>(&mut rest, what)?, take::<64>(&mut rest, what)?);
        if id != self.id {
            return Err(KeyError::OtherKey);
        }
        let of = Signature::from_bytes(&first);
        let is_ours = if is_prehashed {
            self.key.verify_strict(&Blake2b512::digest(content), &of)
        } else {
            self.key.verify_strict(content, &of)
        };
        is_ours.map_err(|_| KeyError::Content)?;
        let mut lines = signature.lines().skip(2);
        let comment = lines.next().and_then(|line| line.strip_prefix("trusted comment: "));
        let comment = comment.ok_or(KeyError::Form(what))?;
        let over_all = lines.next().and_then(|line| BASE64_STANDARD.decode(line.trim()).ok());
        let over_all = over_all.and_then(|bytes| Signature::from_slice(&bytes).ok());
        let over_all = over_all.ok_or(KeyError::Form(what))?;
        if lines.next().is_some() {
            return Err(KeyError::Form(what));
        }
        let of_comment = [&first[..], comment.as_bytes()].concat();
        self.key.verify_strict(&of_comment, &over_all).map_err(|_| KeyError::Comment)?;
        Ok(comment.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey::of(std::array::from_fn(|at| at as u8))
    }

    #[test]
    fn a_signature_of_minisign_is_verified() {
        // The example of the crate minisign-verify (https://docs.rs/minisign-verify).
        let key = "untrusted comment: minisign public key\n\
                   RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n";
        let signature = "untrusted comment: signature from minisign secret key\n\
            RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8\
            ofjb7bNJJylDOocrCo8KLzZwo=\n\
            trusted comment: timestamp:1633700835\tfile:test\tprehashed\n\
            wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==\n";
        let comment = PublicKey::read(key).unwrap().verify(b"test", signature).unwrap();
        assert_eq!(comment, "timestamp:1633700835\tfile:test\tprehashed");
    }

    #[test]
    fn keys_are_read_as_they_were_written() {
        let (secret, public) = (key(), key().public());
        assert_eq!(PublicKey::read(&public.text()), Ok(public.clone()));
        let again = SecretKey::read(&secret.text()).unwrap();
        assert_eq!(again.public(), public);
        assert_eq!(public.id(), "0706050403020100");
    }

    #[test]
    fn what_is_not_what_was_signed_is_refused() {
        let (secret, public) = (key(), key().public());
        let signature = secret.sign(b"content", "of March");
        assert_eq!(public.verify(b"content", &signature).as_deref(), Ok("of March"));
        let other = SecretKey::of([7; 40]).public();
        let rows: [(&PublicKey, &[u8], String, KeyError); 6] = [
            (&public, b"contents", signature.clone(), KeyError::Content),
            (&public, b"content", signature.replace("March", "April"), KeyError::Comment),
            (&other, b"content", signature.clone(), KeyError::OtherKey),
            (&public, b"content", signature.replace("RU", "!!"), KeyError::Form("signature")),
            (&public, b"content", String::new(), KeyError::Form("signature")),
            (&public, b"content", format!("{signature}more\n"), KeyError::Form("signature")),
        ];
        for (key, content, signature, expected) in rows {
            assert_eq!(key.verify(content, &signature), Err(expected), "{signature}");
        }
    }

    #[test]
    fn a_secret_key_that_is_damaged_or_has_a_password_is_refused() {
        let text = key().text();
        let bytes = body(&text, "secret key").unwrap();
        let with = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            format!("untrusted comment:\n{}\n", BASE64_STANDARD.encode(bytes))
        };
        let rows = [
            (with(2, b'S'), KeyError::Password),
            (with(0, b'X'), KeyError::Form("secret key")),
            (with(60, 1), KeyError::Damaged),
            (with(bytes.len() - 1, 1), KeyError::Damaged),
            ("one line".to_owned(), KeyError::Form("secret key")),
            (key().public().text(), KeyError::Form("secret key")),
        ];
        for (text, expected) in rows {
            assert_eq!(SecretKey::read(&text).err(), Some(expected));
        }
    }
}
