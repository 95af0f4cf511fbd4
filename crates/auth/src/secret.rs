//! Credentials that consist of a public id and a secret, `<prefix>_<id>_<secret>`: API keys and sessions. Makes, parses
//! and compares them; which account they belong to and whether they are still valid is decided in `api_key.rs` and
//! `session.rs`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The length of the id: 64 random bits as lower-case hexadecimal digits.
const ID_CHARS: usize = 16;

/// The number of random bytes in the secret.
const SECRET_BYTES: usize = 32;

/// The length of the secret: its bytes in base64url without padding.
const SECRET_CHARS: usize = 43;

/// Compared if there is no record, so that this takes as long as a wrong secret.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The kind of a credential with an id and a secret; it decides the prefix of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// `bwk_…`
    ApiKey,
    /// `bws_…`
    Session,
}

impl SecretKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::ApiKey => "bwk",
            Self::Session => "bws",
        }
    }

    /// Makes a new credential. The error is that of the system's source of randomness.
    pub fn generate(self) -> Result<IssuedSecret, getrandom::Error> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        let secret = URL_SAFE_NO_PAD.encode(bytes);
        let id = format!("{:016x}", getrandom::u64()?);
        let text = format!("{}_{id}_{secret}", self.prefix());
        Ok(IssuedSecret { id, text, hash: hash_of(&secret) })
    }

    /// Parses a presented text. `None`: it does not have exactly the form of this kind (prefix, 16 digits of `0-9 a-f`,
    /// 43 characters of `A-Z a-z 0-9 _ -`, joined by `_`).
    pub fn parse(self, text: &str) -> Option<PresentedSecret<'_>> {
        let (id, secret) = text.strip_prefix(self.prefix())?.strip_prefix('_')?.split_once('_')?;
        let is_id = id.len() == ID_CHARS && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_secret = secret.len() == SECRET_CHARS
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        (is_id && is_secret).then_some(PresentedSecret { id, secret })
    }
}

/// A new credential. `Debug` shows the id only.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedSecret {
    /// The public id of the record, 16 lower-case hexadecimal digits. It may be logged.
    pub id: String,
    /// The complete credential, 64 ASCII characters: give it to its owner once, and do not store it.
    pub text: String,
    /// The hash to store: SHA-256 of the secret part, 64 lower-case hexadecimal digits. The secret has 256 random bits,
    /// so a fast hash without salt is enough.
    pub hash: String,
}

impl fmt::Debug for IssuedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A presented credential that has been parsed but not yet compared. `Debug` shows the id only.
#[derive(Clone, Copy)]
pub struct PresentedSecret<'a> {
    id: &'a str,
    secret: &'a str,
}

impl<'a> PresentedSecret<'a> {
    /// Returns the public id of the record.
    pub const fn id(&self) -> &'a str {
        self.id
    }

    /// Returns whether `stored`, the [hash](IssuedSecret::hash) in the record of this id, is that of the secret. `None`
    /// (no such record) takes as long and gives `false`. The time does not depend on either hash.
    pub fn matches(&self, stored: Option<&str>) -> bool {
        let same = hash_of(self.secret).as_bytes().ct_eq(stored.unwrap_or(NO_HASH).as_bytes());
        bool::from(same) && stored.is_some()
    }
}

impl fmt::Debug for PresentedSecret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

fn hash_of(secret: &str) -> String {
    format!("{:x}", Sha256::digest(secret))
}
