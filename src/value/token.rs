//! Keyed tokens for contact data.
//!
//! An unkeyed hash of a phone number is enumerable in half an hour on one core, so contact data
//! is keyed with HMAC-SHA256 before anything else happens (domain.md §10).

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;

/// The fewest bytes of a key: 128 bits.
pub const KEY_BYTES_MIN: usize = 16;

/// A key for contact data. It shows its id and never its bytes.
#[derive(Clone)]
pub struct TokenKey {
    id: String,
    bytes: Vec<u8>,
}

/// A key that is too short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key holds {0} bytes, and a token key needs at least {KEY_BYTES_MIN}")]
pub struct KeyTooShort(pub usize);

impl TokenKey {
    /// A key from the content of its file; line ends around it do not count.
    ///
    /// # Errors
    /// [`KeyTooShort`] below 16 bytes.
    pub fn new(id: &str, content: &[u8]) -> Result<TokenKey, KeyTooShort> {
        let bytes = content.trim_ascii().to_vec();
        if bytes.len() < KEY_BYTES_MIN {
            return Err(KeyTooShort(bytes.len()));
        }
        Ok(TokenKey { id: id.to_owned(), bytes })
    }

    /// The key's name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What tells this key from another without telling anything of it: two runs with different
    /// keys are different runs.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.token("fingerprint", "")
    }

    /// The token of a mobile number, or `None` where the text is none: 5 to 15 digits after
    /// full-width forms, blanks, hyphens and brackets are folded away and a leading `+86`, `0086`
    /// or `86` before eleven digits is dropped, so that both partners' spellings give one token.
    #[must_use]
    pub fn mobile(&self, raw: &str) -> Option<String> {
        let folded: String = raw
            .nfkc()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '(' | ')' | '.'))
            .collect();
        let (international, digits) = match folded.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => match folded.strip_prefix("00") {
                Some(rest) => (true, rest),
                None => (false, folded.as_str()),
            },
        };
        if !digits.bytes().all(|b| b.is_ascii_digit()) || !(5..=15).contains(&digits.len()) {
            return None;
        }
        let normal = match digits.strip_prefix("86") {
            Some(national) if national.len() == 11 => national.to_owned(),
            _ if international => format!("+{digits}"),
            _ => digits.to_owned(),
        };
        Some(self.token("mobile", &normal))
    }

    /// The token of an e-mail address, or `None` where the text is none.
    #[must_use]
    pub fn email(&self, raw: &str) -> Option<String> {
        let folded = raw.nfkc().collect::<String>().trim().to_lowercase();
        let (name, host) = folded.split_once('@')?;
        if name.is_empty() || !host.contains('.') || folded.contains(char::is_whitespace) {
            return None;
        }
        Some(self.token("email", &folded))
    }

    /// The token of a name, or `None` where the text is nothing but blanks: full-width forms,
    /// blanks and case are folded away, so that `ＬＩ Wei` and `li wei` give one token.
    #[must_use]
    pub fn name(&self, raw: &str) -> Option<String> {
        let folded: String = raw.nfkc().filter(|c| !c.is_whitespace()).collect();
        let folded = folded.to_lowercase();
        (!folded.is_empty()).then(|| self.token("name", &folded))
    }

    /// The kind of contact is keyed in, so that equal texts of different kinds stay apart.
    fn token(&self, kind: &str, normal: &str) -> String {
        // HMAC takes a key of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.bytes) else {
            return String::new();
        };
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(normal.as_bytes());
        let mut token = String::with_capacity(64);
        for byte in mac.finalize().into_bytes() {
            use fmt::Write;
            // Writing to a String cannot fail.
            let _ = write!(token, "{byte:02x}");
        }
        token
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The token of a ready-made text: 64 hexadecimal digits of either case, or `None`.
#[must_use]
pub fn ready(raw: &str) -> Option<String> {
    let raw = raw.trim();
    (raw.len() == 64 && raw.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| raw.to_ascii_lowercase())
}

/// A refused value as it may be shown: every digit 9, every letter A or a, every other letter 字,
/// at most 24 characters.
#[must_use]
pub fn redact(raw: &str) -> String {
    let mut shown: String = raw
        .chars()
        .take(24)
        .map(|c| match c {
            '0'..='9' => '9',
            'a'..='z' => 'a',
            'A'..='Z' => 'A',
            c if c.is_numeric() => '9',
            c if c.is_alphabetic() => '字',
            c if c.is_control() => '·',
            c => c,
        })
        .collect();
    if raw.chars().nth(24).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_mobile_give_one_token() {
        let key = TokenKey::new("test", b"0123456789abcdef").unwrap();
        let plain = key.mobile("13800138000").unwrap();
        for spelling in
            ["+86 138-0013-8000", "0086 13800138000", "8613800138000", "１３８００１３８０００"]
        {
            assert_eq!(key.mobile(spelling).as_ref(), Some(&plain), "{spelling}");
        }
        assert_ne!(key.mobile("13800138001"), Some(plain));
        for none in ["", "-", "138x", "1234", "1234567890123456"] {
            assert_eq!(key.mobile(none), None, "{none}");
        }
    }

    #[test]
    fn spellings_of_one_name_give_one_token() {
        let key = TokenKey::new("test", b"0123456789abcdef").unwrap();
        let plain = key.name("liwei").unwrap();
        for spelling in ["Li Wei", "ＬＩ　Wei", " li wei "] {
            assert_eq!(key.name(spelling).as_ref(), Some(&plain), "{spelling}");
        }
        assert_eq!(key.name("李 伟"), key.name("李伟"));
        assert_ne!(key.name("李伟"), key.name("李炜"));
        assert_ne!(key.name("a@b.c"), key.email("a@b.c"));
        assert_eq!(key.name(" 　"), None);
    }

    #[test]
    fn the_key_never_shows() {
        let key = TokenKey::new("test", b"0123456789abcdef\n").unwrap();
        assert_eq!(format!("{key:?}"), r#"TokenKey { id: "test", .. }"#);
        assert_eq!(TokenKey::new("test", b"short").unwrap_err(), KeyTooShort(5));
    }

    #[test]
    fn a_redacted_value_keeps_only_its_shape() {
        assert_eq!(redact("4.00123E+27"), "9.99999A+99");
        assert_eq!(redact("张三 138"), "字字 999");
    }
}
