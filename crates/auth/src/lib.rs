//! Authenticates callers: turns a [`Credential`] into a [`Principal`], or refuses it.
//!
//! Storage is left to implementations of traits: [`Directory`] for accounts, [`ApiKeys`] for API keys, [`Sessions`] for
//! sessions. This crate knows nothing of boards, HTTP or sockets, reads no clock (`now_ms` is always an argument) and
//! writes no logs.
//!
//! To add a kind of credential: add a variant to [`Credential`] and to [`CredentialId`], implement [`Authenticator`]
//! for it (return `Ok(None)` for all other kinds) with a trait for its storage, and add the authenticator to the
//! [`Authenticators`] chain. If it consists of an id and a secret, add its prefix to [`SecretKind`].
//! To add a token claim: add it to `claims.rs`.
//!
#![doc = include_str!("../README.md")]

mod api_key;
mod authenticator;
mod claims;
mod cookie;
mod credential;
mod device;
mod directory;
mod error;
mod issuer;
mod jwks;
mod key;
mod origin;
mod password;
mod permission;
mod principal;
mod refusal;
mod secret;
mod session;
mod token;
mod usage;
mod user_id;
mod verifier;

pub use api_key::{ApiKeyAuthenticator, ApiKeyRecord, ApiKeys};
pub use authenticator::{Authenticator, Authenticators};
pub use claims::Claims;
pub use cookie::Cookie;
pub use credential::Credential;
pub use device::{known_device, new_device};
pub use directory::{Account, Claimed, Directory};
pub use error::{AuthError, BoxError};
pub use issuer::{IssueError, IssueRequest, TokenIssuer};
pub use key::{KeyError, MAX_RSA_BITS, MIN_RSA_BITS, MIN_SECRET_BYTES};
pub use origin::AllowedOrigins;
pub use password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES, PasswordError, hash_password, verify_password};
pub use permission::{Permission, Permissions, UnknownPermission};
pub use principal::{CredentialId, Principal};
pub use refusal::Refusal;
pub use secret::{IssuedSecret, PresentedSecret, SecretKind};
pub use session::{SessionAuthenticator, SessionPolicy, SessionRecord, Sessions};
pub use token::TokenAuthenticator;
pub use user_id::{MAX_USER_ID_CHARS, is_user_id};
pub use verifier::{DEFAULT_LEEWAY_SECS, MAX_TOKEN_BYTES, TokenVerifier, TokenVerifierBuilder};
