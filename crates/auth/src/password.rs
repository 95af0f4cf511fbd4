//! Passwords: hashes them for storage and checks them, with Argon2id. Who may try how often, and on which thread it
//! happens, is for the doors: both functions are slow on purpose.

use argon2::password_hash::{self, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

/// Shortest password that is taken, in bytes.
pub const MIN_PASSWORD_BYTES: usize = 8;

/// Longest password that is taken, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// What one hash costs: 19 MiB of memory, two passes, one lane, 32 bytes out, as the
/// [OWASP cheat sheet](https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html) says.
const COST: Params = match Params::new(19 * 1024, 2, 1, Some(32)) {
    Ok(params) => params,
    Err(_) => panic!("the cost is out of range"), // at compile time
};

/// Checked where there is nothing to check, so that it takes as long: costs what a real one costs, and is of no password.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$f9hD6tEA5MMircuG8iMCYQ$rDjhBwVFYijtp2HiC9sppKjCcPEjLGCU0fkpwVSiQAI";

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short to resist guessing.
    #[error("the password has {0} bytes, and at least 8 are needed")]
    TooShort(usize),
    /// Longer than anybody needs.
    #[error("the password has {0} bytes, and at most 1024 are taken")]
    TooLong(usize),
    /// The system's source of randomness failed.
    #[error("no random numbers for the password's salt")]
    Random(#[from] getrandom::Error),
    /// Hashing failed.
    #[error("the password could not be hashed")]
    Hash(#[from] password_hash::Error),
}

/// What to store for `password` ([`MIN_PASSWORD_BYTES`] to [`MAX_PASSWORD_BYTES`]): an Argon2id hash with a salt of its
/// own, as a PHC string (`$argon2id$v=19$m=19456,t=2,p=1$…$…`).
///
/// Blocks its thread for tens of milliseconds and takes 19 MiB meanwhile: keep it off the threads that serve,
/// and bound how many run at once.
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

/// True if `stored`, from [`hash_password`], is of this password.
///
/// With `None` (no such user, or one without a password) and with a hash that cannot be read it does the same work and
/// says false, so that the time tells nobody which users exist. As slow, and as blocking, as [`hash_password`]; only a
/// password longer than [`MAX_PASSWORD_BYTES`] is refused at once, which depends on nothing that is stored.
pub fn verify_password(password: &str, stored: Option<&str>) -> bool {
    if password.len() > MAX_PASSWORD_BYTES {
        return false;
    }
    match check(password, stored) {
        Some(verdict) => verdict,
        None => {
            // The verdict does not count: nobody is to come in by knowing a password of the dummy.
            std::hint::black_box(check(password, Some(DUMMY)));
            false
        }
    }
}

/// `None`: there was nothing to compare with, and so no work.
fn check(password: &str, stored: Option<&str>) -> Option<bool> {
    // Of a text that breaks off early the library would say "wrong password" without any work.
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
        assert_eq!(check("password", Some(DUMMY)), Some(false), "the work is done");
    }
}
