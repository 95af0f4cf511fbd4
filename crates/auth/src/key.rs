//! Keys for checking tokens, each for one algorithm only. The verifier chooses the key for a token; key sets (JWKS) are
//! read in `jwks.rs`.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use crate::claims::RawClaims;
use crate::refusal::Refusal;

/// The length of the shortest HS256 secret, in bytes: that of the hash
/// ([RFC 7518 section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
pub const MIN_SECRET_BYTES: usize = 32;

/// The length of the smallest RSA modulus, in bits ([RFC 7518 section
/// 3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)).
pub const MIN_RSA_BITS: usize = 2048;

/// The length of the largest RSA modulus, in bits: the most that the library accepts.
pub const MAX_RSA_BITS: usize = 4096;

/// Why a key cannot be used. No message contains key material.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key was given.
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
    /// The key set contains a symmetric key, which must not be published.
    #[error("the key set (JWKS) holds a symmetric key (kty \"oct\"): take it out, and give the secret by itself")]
    SymmetricJwk,
    /// A key of the set is of a supported type, but its numbers do not make a key.
    #[error("key number {index} of the key set (JWKS) is damaged: its {kty} parameters do not make a key")]
    BrokenJwk {
        /// The position in the list, from 1.
        index: usize,
        /// The key's type (`kty`).
        kty: &'static str,
    },
    /// The key set has no key for signatures of a supported type.
    #[error("the key set (JWKS) has no key for RS256, ES256 or EdDSA signatures")]
    NoUsableJwk,
}

/// A key, its algorithm, and its name in tokens (`kid`).
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    decoding: DecodingKey,
    validation: Validation,
}

impl Key {
    /// Makes an HS256 key from the secret's bytes.
    pub(crate) fn hs256(secret: &[u8]) -> Result<Self, KeyError> {
        check_secret(secret)?;
        Ok(Self::for_algorithm(Algorithm::HS256, DecodingKey::from_secret(secret)))
    }

    /// Makes a key from a public key as PEM text. Its type decides the algorithm: RS256 for RSA, ES256 for EC P-256,
    /// EdDSA for Ed25519.
    pub(crate) fn public_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::PrivateKey);
        }
        // The library would take the first bit string in a certificate, which need not be the key.
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

    /// Makes an RS256 key; `None` if the bytes are not an RSA key.
    pub(crate) fn rsa(key: DecodingKey) -> Result<Option<Self>, KeyError> {
        let Some(bits) = rsa_bits(&key) else { return Ok(None) };
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(KeyError::RsaSize(bits));
        }
        Ok(Some(Self::for_algorithm(Algorithm::RS256, key)))
    }

    /// Makes an ES256 key; `None` if the bytes are not a point of the curve P-256.
    pub(crate) fn p256(key: DecodingKey) -> Option<Self> {
        Self::checked(Algorithm::ES256, key, 65)
    }

    /// Makes an EdDSA key; `None` if the bytes are not an Ed25519 key.
    pub(crate) fn ed25519(key: DecodingKey) -> Option<Self> {
        Self::checked(Algorithm::EdDSA, key, 32)
    }

    /// Gives the key a name in tokens.
    pub(crate) fn named(mut self, kid: Option<String>) -> Self {
        self.kid = kid;
        self
    }

    /// Checks the signature of a token and returns its claims. After `Err(Signature)` another key may still match.
    pub(crate) fn verify(&self, token: &str) -> Result<RawClaims, Refusal> {
        use jsonwebtoken::errors::ErrorKind;
        match jsonwebtoken::decode::<RawClaims>(token, &self.decoding, &self.validation) {
            Ok(token) => Ok(token.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::InvalidSignature => Refusal::Signature,
                _ => Refusal::Malformed,
            }),
        }
    }

    /// Makes a key if it has this length in bytes and the library can load it. The length is checked first, because the
    /// library slices Ed25519 keys without checking.
    fn checked(algorithm: Algorithm, key: DecodingKey, bytes: usize) -> Option<Self> {
        let fits = key.try_get_as_bytes().is_ok_and(|content| content.len() == bytes);
        let loads = fits && jsonwebtoken::crypto::verify("", b"", &key, algorithm).is_ok();
        loads.then(|| Self::for_algorithm(algorithm, key))
    }

    fn for_algorithm(algorithm: Algorithm, decoding: DecodingKey) -> Self {
        // The library is to check only the signature: for times it would read the system's clock, and it accepts a
        // missing audience or issuer.
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self { algorithm, kid: None, decoding, validation }
    }
}

/// Refuses a secret that is too short.
pub(crate) fn check_secret(secret: &[u8]) -> Result<(), KeyError> {
    if secret.len() < MIN_SECRET_BYTES { Err(KeyError::WeakSecret(secret.len())) } else { Ok(()) }
}

/// Returns the length of an RSA modulus, in bits; `None` if the bytes are not an RSA key.
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
