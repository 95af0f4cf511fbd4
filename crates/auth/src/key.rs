//! Keys that tokens are checked with, each tied to one algorithm for good. Which key a token is checked with is the
//! verifier's to choose; sets of keys (JWKS) are taken apart in `jwks.rs`.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use crate::claims::RawClaims;
use crate::refusal::Refusal;

/// Shortest HS256 secret, in bytes: as long as the hash
/// ([RFC 7518 section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
pub const MIN_SECRET_BYTES: usize = 32;

/// Smallest RSA modulus, in bits ([RFC 7518 section 3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)).
pub const MIN_RSA_BITS: usize = 2048;

/// Largest RSA modulus, in bits: what the library loads. Checking takes longer than proportionally with the size.
pub const MAX_RSA_BITS: usize = 4096;

/// Why a key cannot be used. Each text says what to do about it; none holds key material.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key at all was given.
    #[error("there is no key to check tokens with: give a secret, a public key or a key set")]
    NoKey,
    /// The HS256 secret is too short to resist guessing.
    #[error("the token secret has {0} bytes, and at least 32 are needed: make one with `openssl rand -hex 32`")]
    WeakSecret(usize),
    /// The RSA key is too small to be safe, or too large to be loaded.
    #[error("the RSA key has {0} bits, and 2048 to 4096 are supported: let the issuer use another key")]
    RsaSize(usize),
    /// A private key was given where a public one is needed.
    #[error("this PEM holds a private key: give its public part, from `openssl pkey -in key.pem -pubout`")]
    PrivateKey,
    /// Not a PEM public key of a supported type.
    #[error(
        "this is not a PEM public key (BEGIN PUBLIC KEY) of type RSA (at most 4096 bits), EC P-256 or Ed25519; \
         a certificate's key comes from `openssl x509 -in cert.pem -pubkey -noout`"
    )]
    Pem,
    /// The key set is not JSON of the shape `{"keys": […]}`.
    #[error("the key set (JWKS) is not a JSON object with a list \"keys\"")]
    JwksShape(#[source] serde_json::Error),
    /// The key set holds a symmetric key, which has no place in a published set.
    #[error("the key set (JWKS) holds a symmetric key (kty \"oct\"): take it out, and give the secret by itself")]
    SymmetricJwk,
    /// A key of the set says it is of a supported type, but its numbers are no such key.
    #[error("key number {index} of the key set (JWKS) is damaged: its {kty} parameters do not make a key")]
    BrokenJwk {
        /// Its place in the list, from 1.
        index: usize,
        /// Its `kty`.
        kty: &'static str,
    },
    /// The key set has no key for signatures of a supported type.
    #[error("the key set (JWKS) has no key for RS256, ES256 or EdDSA signatures")]
    NoUsableJwk,
}

/// A key, the one algorithm it is for, and the name it goes by in tokens.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    decoding: DecodingKey,
    validation: Validation,
}

impl Key {
    /// An HS256 key from the secret's bytes.
    pub(crate) fn hs256(secret: &[u8]) -> Result<Self, KeyError> {
        check_secret(secret)?;
        Ok(Self::tied(Algorithm::HS256, DecodingKey::from_secret(secret)))
    }

    /// A public key from PEM text; its type decides the algorithm: RSA RS256, EC P-256 ES256, Ed25519 EdDSA.
    pub(crate) fn public_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::PrivateKey);
        }
        // In a certificate the library would take the first bit string that it meets, which need not be the key.
        if pem.contains("CERTIFICATE-----") {
            return Err(KeyError::Pem);
        }
        let pem = pem.as_bytes();
        if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
            Self::rsa(key)?.ok_or(KeyError::Pem)
        } else if let Ok(key) = DecodingKey::from_ec_pem(pem) {
            Self::p256(key).ok_or(KeyError::Pem)
        } else {
            DecodingKey::from_ed_pem(pem).ok().and_then(Self::ed25519).ok_or(KeyError::Pem)
        }
    }

    /// RS256; `None` if the bytes are no RSA key.
    pub(crate) fn rsa(key: DecodingKey) -> Result<Option<Self>, KeyError> {
        let Some(bits) = rsa_bits(&key) else { return Ok(None) };
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(KeyError::RsaSize(bits));
        }
        Ok(Some(Self::tied(Algorithm::RS256, key)))
    }

    /// ES256; `None` if the bytes are no point of the curve P-256.
    pub(crate) fn p256(key: DecodingKey) -> Option<Self> {
        Self::tried(Algorithm::ES256, key, 65)
    }

    /// EdDSA; `None` if the bytes are no Ed25519 key.
    pub(crate) fn ed25519(key: DecodingKey) -> Option<Self> {
        Self::tried(Algorithm::EdDSA, key, 32)
    }

    /// The same key, going by this name in tokens.
    pub(crate) fn named(mut self, kid: Option<String>) -> Self {
        self.kid = kid;
        self
    }

    /// Checks the signature and reads the claims' JSON. `Err(Signature)` means that another key may still fit.
    pub(crate) fn open(&self, token: &str) -> Result<RawClaims, Refusal> {
        use jsonwebtoken::errors::ErrorKind;
        match jsonwebtoken::decode::<RawClaims>(token, &self.decoding, &self.validation) {
            Ok(token) => Ok(token.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::InvalidSignature => Refusal::Signature,
                _ => Refusal::Malformed,
            }),
        }
    }

    /// Checks the length first: the library slices Ed25519 keys without looking. Then has the library load the key once.
    fn tried(algorithm: Algorithm, key: DecodingKey, bytes: usize) -> Option<Self> {
        let fits = key.try_get_as_bytes().is_ok_and(|content| content.len() == bytes);
        let loads = fits && jsonwebtoken::crypto::verify("", b"", &key, algorithm).is_ok();
        loads.then(|| Self::tied(algorithm, key))
    }

    fn tied(algorithm: Algorithm, decoding: DecodingKey) -> Self {
        // The library checks the signature and nothing else: it would read the system's clock, and it lets a missing
        // audience or issuer pass.
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self { algorithm, kid: None, decoding, validation }
    }
}

/// Refuses secrets that are too short, for checking and for signing alike.
pub(crate) fn check_secret(secret: &[u8]) -> Result<(), KeyError> {
    if secret.len() < MIN_SECRET_BYTES { Err(KeyError::WeakSecret(secret.len())) } else { Ok(()) }
}

fn rsa_bits(key: &DecodingKey) -> Option<usize> {
    use jsonwebtoken::DecodingKeyKind::RsaModulusExponent;
    let significant = |modulus: &[u8]| {
        let first = modulus.iter().position(|byte| *byte != 0)?;
        Some((modulus.len() - first) * 8 - modulus[first].leading_zeros() as usize)
    };
    if let RsaModulusExponent { n, e } = key.kind() {
        return if e.iter().all(|byte| *byte == 0) { None } else { significant(n) };
    }
    let jwk = Jwk::from_decoding_key(key, None).ok()?;
    let AlgorithmParameters::RSA(parameters) = jwk.algorithm else { return None };
    let components = DecodingKey::from_rsa_components(&parameters.n, &parameters.e).ok()?;
    rsa_bits(&components)
}
