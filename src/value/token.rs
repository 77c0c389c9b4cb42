//! Keyed tokens for contact data.
//!
//! An unkeyed hash of a phone number is enumerable in half an hour on one core, so contact data
//! is keyed with HMAC-SHA256 or HMAC-SM3 before anything else happens (domain.md §10).

use std::borrow::Cow;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sm3::Sm3;
use unicode_normalization::UnicodeNormalization;

/// The fewest bytes of a key: 128 bits.
pub const KEY_BYTES_MIN: usize = 16;

/// How a token is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// HMAC-SHA256.
    #[default]
    HmacSha256,
    /// HMAC-SM3 (GB/T 32905).
    HmacSm3,
}

impl Algorithm {
    /// The word for it in pipelines and outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Algorithm::HmacSha256 => "hmac-sha256",
            Algorithm::HmacSm3 => "hmac-sm3",
        }
    }
}

/// What a key is called, and what it is used with: equal texts give equal tokens only under one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName {
    /// The key's id.
    pub id: String,
    /// How tokens are made with it.
    pub algorithm: Algorithm,
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.algorithm.word())
    }
}

/// A key for contact data. It shows its name and never its bytes.
#[derive(Clone)]
pub struct TokenKey {
    name: KeyName,
    keyed: Keyed,
}

/// A function that has taken in its key: half the work of a short token, done once.
#[derive(Clone)]
enum Keyed {
    Sha256(Hmac<Sha256>),
    Sm3(Hmac<Sm3>),
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
    pub fn new(id: &str, algorithm: Algorithm, content: &[u8]) -> Result<TokenKey, KeyTooShort> {
        let bytes = content.trim_ascii();
        let too_short = || KeyTooShort(bytes.len());
        if bytes.len() < KEY_BYTES_MIN {
            return Err(too_short());
        }
        // HMAC takes a key of any length, so neither fails.
        let keyed = match algorithm {
            Algorithm::HmacSha256 => Hmac::new_from_slice(bytes).map(Keyed::Sha256),
            Algorithm::HmacSm3 => Hmac::new_from_slice(bytes).map(Keyed::Sm3),
        };
        let keyed = keyed.map_err(|_| too_short())?;
        Ok(TokenKey { name: KeyName { id: id.to_owned(), algorithm }, keyed })
    }

    /// The key's name.
    #[must_use]
    pub fn key_name(&self) -> &KeyName {
        &self.name
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
    /// What a spreadsheet made a number (`13800138000.0`) is none, and neither is a mobile number
    /// behind the zero of trunk calls: their tokens would be nobody's.
    #[must_use]
    pub fn mobile(&self, raw: &str) -> Option<String> {
        let floated = composed(raw);
        let folded: String = floated
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '(' | ')' | '.'))
            .collect();
        if let Some((whole, fraction)) = floated.trim().rsplit_once('.')
            && !whole.contains('.')
            && fraction.bytes().all(|b| b == b'0')
        {
            return None;
        }
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
        let is_trunk = digits.len() == 12 && digits.starts_with("01");
        if is_trunk && matches!(digits.as_bytes().get(2), Some(b'3'..=b'9')) {
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
        let folded = composed(raw).trim().to_lowercase();
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
        let folded: String = composed(raw).chars().filter(|c| !c.is_whitespace()).collect();
        let folded = folded.to_lowercase();
        (!folded.is_empty()).then(|| self.token("name", &folded))
    }

    /// The kind of contact is keyed in, so that equal texts of different kinds stay apart.
    fn token(&self, kind: &str, normal: &str) -> String {
        match &self.keyed {
            Keyed::Sha256(mac) => finished(mac.clone(), kind, normal),
            Keyed::Sm3(mac) => finished(mac.clone(), kind, normal),
        }
    }
}

fn finished(mut mac: impl Mac, kind: &str, normal: &str) -> String {
    mac.update(kind.as_bytes());
    mac.update(&[0]);
    mac.update(normal.as_bytes());
    let mut token = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        for digit in [byte >> 4, byte & 0xf] {
            token.extend(char::from_digit(digit.into(), 16));
        }
    }
    token
}

/// Full-width forms and their like made one (NFKC); ASCII is that already.
fn composed(raw: &str) -> Cow<'_, str> {
    if raw.is_ascii() { Cow::Borrowed(raw) } else { Cow::Owned(raw.nfkc().collect()) }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("name", &self.name).finish_non_exhaustive()
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
        let key = TokenKey::new("test", Algorithm::HmacSha256, b"0123456789abcdef").unwrap();
        let plain = key.mobile("13800138000").unwrap();
        for spelling in [
            "+86 138-0013-8000",
            "138.0013.8000",
            "0086 13800138000",
            "8613800138000",
            "１３８００１３８０００",
        ] {
            assert_eq!(key.mobile(spelling).as_ref(), Some(&plain), "{spelling}");
        }
        assert_ne!(key.mobile("13800138001"), Some(plain));
        for none in [
            "",
            "-",
            "138x",
            "1234",
            "1234567890123456",
            "13800138000.0",
            "+8613800138000.00",
            "１３８００１３８０００．０",
            "13800138000.",
            "013800138000",
        ] {
            assert_eq!(key.mobile(none), None, "{none}");
        }
    }

    #[test]
    fn spellings_of_one_name_give_one_token() {
        let key = TokenKey::new("test", Algorithm::HmacSha256, b"0123456789abcdef").unwrap();
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
    fn tokens_are_those_of_other_tools() {
        // printf 'mobile\\0%s' 13800138000 | openssl dgst -sm3 -hmac 0123456789abcdef
        let rows = [
            (
                Algorithm::HmacSha256,
                "c548b3f382571c14716b6ef4b1935552329f9681cb603dd1fb5c760a7304fd82",
            ),
            (
                Algorithm::HmacSm3,
                "e031be8ef19a52b76e0ee26b01f1d37b481ea6dca4281c19f5eaa49e97c1cacb",
            ),
        ];
        for (algorithm, expected) in rows {
            let key = TokenKey::new("test", algorithm, b"0123456789abcdef").unwrap();
            assert_eq!(key.mobile("13800138000").as_deref(), Some(expected), "{algorithm:?}");
        }
    }

    #[test]
    fn the_key_never_shows() {
        let new = |content: &[u8]| TokenKey::new("test", Algorithm::HmacSm3, content);
        let key = new(b"0123456789abcdef\n").unwrap();
        let name = r#"KeyName { id: "test", algorithm: HmacSm3 }"#;
        assert_eq!(format!("{key:?}"), format!("TokenKey {{ name: {name}, .. }}"));
        assert_eq!(key.key_name().to_string(), "test hmac-sm3");
        assert_eq!(new(b"short").unwrap_err(), KeyTooShort(5));
    }

    #[test]
    fn a_redacted_value_keeps_only_its_shape() {
        assert_eq!(redact("4.00123E+27"), "9.99999A+99");
        assert_eq!(redact("张三 138"), "字字 999");
    }
}
