//! The keys that tokens are signed and verified with.

use std::{
    collections::HashSet,
    io::{ErrorKind, Write as _},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use boardwire_auth::{TokenIssuer, TokenVerifier};

use crate::settings::{AuthSettings, StoreSettings};

/// A secret with fewer different characters was not made at random.
const MIN_DISTINCT_CHARACTERS: usize = 10;
/// Neither was one whose letters and digits contain any of these.
const PLACEHOLDERS: [&str; 13] = [
    "changeme",
    "changethis",
    "replaceme",
    "replacethis",
    "yoursecret",
    "mysecret",
    "secretkey",
    "jwtsecret",
    "supersecret",
    "password",
    "placeholder",
    "example",
    "insecure",
];

/// A secret, and whether an operator chose it.
pub(crate) struct Secret {
    pub(crate) value: String,
    generated: bool,
}

/// Returns the configured secret, or the one beside the SQLite database, which is created if it is missing.
pub(crate) fn secret(auth: &AuthSettings, store: &StoreSettings) -> Result<Secret> {
    if let Some(value) = &auth.jwt_secret {
        return Ok(Secret { value: value.clone(), generated: false });
    }
    let Some(file) = secret_file(&store.database_url) else {
        bail!("set BOARDWIRE_JWT_SECRET to at least 32 random characters (try: openssl rand -base64 32)");
    };
    let value = match std::fs::read_to_string(&file) {
        Ok(text) => text.trim().to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => create_secret_file(&file)?,
        Err(error) => return Err(error).with_context(|| format!("can't read {}", file.display())),
    };
    Ok(Secret { value, generated: true })
}

fn secret_file(database_url: &str) -> Option<PathBuf> {
    let path = database_url.strip_prefix("sqlite://")?.split('?').next()?;
    Some(PathBuf::from(format!("{path}.secret")))
}

fn create_secret_file(file: &Path) -> Result<String> {
    let value = random()?;
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(file);
    match opened {
        Ok(mut opened) => {
            opened.write_all(value.as_bytes()).with_context(|| format!("can't write {}", file.display()))?;
            Ok(value)
        }
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(std::fs::read_to_string(file)?.trim().to_owned()),
        Err(error) => Err(error).with_context(|| format!("can't create {}", file.display())),
    }
}

/// Returns a new secret of 256 random bits.
pub(crate) fn random() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Returns the verifier of tokens. A server that others can reach, directly or through a proxy, needs a key that can't
/// be guessed.
pub(crate) fn verifier(
    auth: &AuthSettings,
    store: &StoreSettings,
    listen: SocketAddr,
    has_proxy: bool,
) -> Result<TokenVerifier> {
    let mut builder = TokenVerifier::builder();
    let has_public_keys = auth.jwt_public_keys.iter().any(|key| !key.is_empty()) || auth.jwt_jwks.is_some();
    if auth.jwt_secret.is_some() || !has_public_keys {
        let secret = secret(auth, store)?;
        if secret.generated && !listen.ip().is_loopback() {
            bail!(
                "refusing to listen on {listen} with a generated secret: set BOARDWIRE_JWT_SECRET to at least 32 random \
                 characters (try: openssl rand -base64 32)"
            );
        }
        if !secret.generated
            && (has_proxy || !listen.ip().is_loopback())
            && let Some(reason) = weakness(&secret.value)
        {
            bail!(
                "refusing to listen on {listen} with a BOARDWIRE_JWT_SECRET that can be guessed, as it {reason}: set it to at \
                 least 32 random characters (try: openssl rand -base64 32)"
            );
        }
        builder = builder.hs256_secret(secret.value.as_bytes());
    }
    for key in auth.jwt_public_keys.iter().filter(|key| !key.is_empty()) {
        let (name, file) = named_key(key);
        builder = builder.public_key_pem(read(file)?);
        if let Some(name) = name {
            builder = builder.key_id(name);
        }
    }
    if let Some(file) = &auth.jwt_jwks {
        builder = builder.jwks(read(file)?);
    }
    if let Some(issuer) = &auth.jwt_issuer {
        builder = builder.issuer(issuer);
    }
    if let Some(audience) = &auth.jwt_audience {
        builder = builder.audience(audience);
    }
    builder.build().context("the keys for tokens can't be used")
}

/// Splits `KID=FILE`, or a bare `FILE`, into the name of the key and the file.
fn named_key(text: &str) -> (Option<&str>, &Path) {
    match text.split_once('=') {
        Some((name, file)) => (Some(name), Path::new(file)),
        None => (None, Path::new(text)),
    }
}

/// Returns the issuer of tokens.
pub(crate) fn issuer(auth: &AuthSettings, store: &StoreSettings) -> Result<TokenIssuer> {
    let secret = secret(auth, store)?;
    TokenIssuer::hs256(secret.value.as_bytes(), auth.jwt_issuer.as_deref(), auth.jwt_audience.as_deref())
        .context("the secret for tokens can't be used")
}

/// Returns why a secret can be guessed, if it has one of the known signs.
fn weakness(secret: &str) -> Option<String> {
    if secret.chars().collect::<HashSet<_>>().len() < MIN_DISTINCT_CHARACTERS {
        return Some(format!("has fewer than {MIN_DISTINCT_CHARACTERS} different characters"));
    }
    let letters_and_digits: String =
        secret.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    if let Some(placeholder) = PLACEHOLDERS.iter().find(|placeholder| letters_and_digits.contains(**placeholder)) {
        return Some(format!("says \"{placeholder}\""));
    }
    let bytes = secret.as_bytes();
    let repeats = |length: &usize| bytes.iter().zip(&bytes[*length..]).all(|(one, other)| one == other);
    (1..=bytes.len() / 2).find(repeats).map(|length| format!("repeats its first {length} characters"))
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(secret: &str, listen: &str, has_proxy: bool) -> Option<String> {
        let auth = AuthSettings {
            jwt_secret: Some(secret.to_owned()),
            jwt_public_keys: Vec::new(),
            jwt_jwks: None,
            jwt_issuer: None,
            jwt_audience: None,
        };
        let store = StoreSettings { database_url: "sqlite://none.db".to_owned(), config: None };
        verifier(&auth, &store, listen.parse().unwrap(), has_proxy).err().map(|error| error.to_string())
    }

    #[test]
    fn a_public_key_may_have_a_name() {
        assert_eq!(named_key("idp.pem"), (None, Path::new("idp.pem")));
        assert_eq!(named_key("2026-11=keys/idp.pem"), (Some("2026-11"), Path::new("keys/idp.pem")));
    }

    #[test]
    fn a_guessable_secret_is_accepted_only_on_this_machine() {
        for (weak, reason) in [
            ("123456789".repeat(4), "fewer than 10 different characters"),
            ("1234567890".repeat(4), "repeats its first 10 characters"),
            ("change-me-to-32-random-characters-please".to_owned(), "says \"changeme\""),
            ("CHANGE_ME_0f1e2d3c4b5a69788796a5b4c3d2e1f0".to_owned(), "says \"changeme\""),
            ("your-secret-of-at-least-32-characters".to_owned(), "says \"yoursecret\""),
        ] {
            assert_eq!(problem(&weak, "127.0.0.1:0", false), None);
            let text = problem(&weak, "0.0.0.0:0", false).expect("a refusal");
            assert!(problem(&weak, "127.0.0.1:0", true).is_some());
            assert!(text.contains(reason) && text.contains("openssl rand"), "{text}");
            assert!(!text.contains(&weak));
        }
        for _ in 0..100 {
            assert_eq!(problem(&random().unwrap(), "0.0.0.0:0", true), None);
        }
        assert_eq!(problem("K7v0pYqf3n2sGm8uWb1xZc5dRt9hLj6a+/Qe4oTiUy0=", "0.0.0.0:0", true), None);
    }
}
