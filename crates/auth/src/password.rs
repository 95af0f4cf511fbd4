//! Hashes passwords for storage and checks them, with Argon2id. Both functions are slow on purpose; limiting
//! attempts, and choosing the thread, is left to the caller.

use argon2::password_hash::{self, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

/// The length of the shortest password that is accepted, in bytes.
pub const MIN_PASSWORD_BYTES: usize = 8;

/// The length of the longest password that is accepted, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// The parameters of a hash: 19 MiB of memory, two passes, one lane, 32 bytes of output, as the
/// [OWASP cheat sheet](https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html) says.
const COST: Params = match Params::new(19 * 1024, 2, 1, Some(32)) {
    Ok(params) => params,
    Err(_) => panic!("the cost is out of range"), // at compile time
};

/// A hash with the same parameters, checked when no hash is stored, so that the check takes as long.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$f9hD6tEA5MMircuG8iMCYQ$rDjhBwVFYijtp2HiC9sppKjCcPEjLGCU0fkpwVSiQAI";

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The password is too short to resist guessing.
    #[error("the password has {0} bytes, and at least 8 are needed")]
    TooShort(usize),
    /// The password is longer than is allowed.
    #[error("the password has {0} bytes, and at most 1024 are taken")]
    TooLong(usize),
    /// The system's source of randomness failed.
    #[error("no random numbers for the password's salt")]
    Random(#[from] getrandom::Error),
    /// Hashing failed.
    #[error("the password could not be hashed")]
    Hash(#[from] password_hash::Error),
}

/// Returns the hash to store for `password` ([`MIN_PASSWORD_BYTES`] to [`MAX_PASSWORD_BYTES`]): Argon2id with a new
/// salt, as a PHC string (`$argon2id$v=19$m=19456,t=2,p=1$…$…`).
///
/// Blocks its thread for tens of milliseconds and takes 19 MiB meanwhile: do not call it on an async runtime's threads,
/// and limit how many run at once.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    match password.len() {
        short if short < MIN_PASSWORD_BYTES => return Err(PasswordError::TooShort(short)),
        long if long > MAX_PASSWORD_BYTES => return Err(PasswordError::TooLong(long)),
        _ => {}
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)?;
    let salt = SaltString::encode_b64(&salt)?;
    Ok(argon2().hash_password(password.as_bytes(), &salt)?.to_string())
}

/// Returns whether `stored`, from [`hash_password`], is the hash of this password.
///
/// With `None` (no such user, or one without a password) and with a hash that can't be read it takes as long and
/// returns `false`, so that the time does not reveal which users exist. Blocks its thread as long as [`hash_password`].
/// A password longer than [`MAX_PASSWORD_BYTES`] is refused immediately, whatever is stored.
pub fn verify_password(password: &str, stored: Option<&str>) -> bool {
    if password.len() > MAX_PASSWORD_BYTES {
        return false;
    }
    match check(password, stored) {
        Some(verdict) => verdict,
        None => {
            // The result is ignored, so that no password is accepted by the dummy.
            std::hint::black_box(check(password, Some(DUMMY)));
            false
        }
    }
}

/// Returns whether the password matches; `None`, without hashing, if there is no usable hash.
fn check(password: &str, stored: Option<&str>) -> Option<bool> {
    // For a truncated hash the library would return "wrong password" without hashing.
    let hash = PasswordHash::new(stored?).ok().filter(|hash| hash.salt.is_some() && hash.hash.is_some())?;
    match argon2().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Some(true),
        Err(password_hash::Error::Password) => Some(false),
        Err(_) => None,
    }
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, COST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dummy_costs_what_a_real_hash_costs() {
        let hash = PasswordHash::new(DUMMY).unwrap();
        assert_eq!(hash.algorithm, Algorithm::Argon2id.ident());
        assert_eq!(hash.version, Some(Version::V0x13.into()));
        let params = Params::try_from(&hash).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19 * 1024, 2, 1));
        assert_eq!(hash.salt.unwrap().as_str().len(), SaltString::encode_b64(&[0; 16]).unwrap().as_str().len());
        assert_eq!(hash.hash.unwrap().len(), 32);
        assert_eq!(check("password", Some(DUMMY)), Some(false), "the password must be hashed");
    }
}
