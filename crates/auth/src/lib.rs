//! Who is calling: turns what a caller presented (a [`Credential`]) into a [`Principal`], or refuses.
//!
//! This crate checks tokens itself and leaves everything that needs storage to others: accounts stand behind the
//! [`Directory`] trait, and API keys and sessions are further [`Authenticator`]s, written where their tables are. It
//! knows nothing of boards, HTTP or sockets, reads no clock (`now_ms` is always an argument) and writes no logs.
//!
//! To add a kind of credential: add a variant to [`Credential`] and to [`CredentialId`], implement [`Authenticator`]
//! for it where its storage is (answer `Ok(None)` for all other kinds), and put it into the [`Authenticators`] chain.
//! To add a token claim: add it to `claims.rs`, where each claim is read in one place.
//!
#![doc = include_str!("../README.md")]

mod authenticator;
mod claims;
mod credential;
mod directory;
mod issuer;
mod jwks;
mod key;
mod permission;
mod principal;
mod refusal;
mod token;
mod user_id;
mod verifier;

pub use authenticator::{AuthError, Authenticator, Authenticators};
pub use claims::Claims;
pub use credential::Credential;
pub use directory::{Account, Claimed, Directory};
pub use issuer::{IssueError, IssueRequest, TokenIssuer};
pub use key::{KeyError, MAX_RSA_BITS, MIN_RSA_BITS, MIN_SECRET_BYTES};
pub use permission::{Permission, Permissions, UnknownPermission};
pub use principal::{CredentialId, Principal};
pub use refusal::Refusal;
pub use token::TokenAuthenticator;
pub use user_id::{MAX_USER_ID_CHARS, is_user_id};
pub use verifier::{DEFAULT_LEEWAY_SECS, MAX_TOKEN_BYTES, TokenVerifier, TokenVerifierBuilder};
