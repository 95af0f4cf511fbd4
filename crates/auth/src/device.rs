//! Known devices: a browser keeps a text from its first sign-in and sends it with later ones, so that these are not
//! slowed down while others guess passwords of the same account.
//!
//! The text holds an id and a signature of the user and the id, with the hash of the user's password as the key. So
//! nothing has to be stored, every node can check it, and it is no longer valid once the password has changed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Returns the text for a new device of `user`, whose stored password hash is `password_hash`: 64 characters of
/// `A-Z a-z 0-9 _ -`. The error is that of the system's source of randomness.
pub fn new_device(user: &str, password_hash: &str) -> Result<String, getrandom::Error> {
    Ok(signed(&format!("{:016x}", getrandom::u64()?), user, password_hash))
}

/// Returns the id of the device with this text, if it is one of this user's.
pub fn known_device<'a>(text: &'a str, user: &str, password_hash: &str) -> Option<&'a str> {
    let (id, _) = text.strip_prefix(PREFIX)?.split_once('_')?;
    bool::from(signed(id, user, password_hash).as_bytes().ct_eq(text.as_bytes())).then_some(id)
}

const PREFIX: &str = "bwd_";

fn signed(id: &str, user: &str, password_hash: &str) -> String {
    // HMAC accepts keys of any length, so this does not fail.
    let signature = Hmac::<Sha256>::new_from_slice(password_hash.as_bytes()).map(|mut signature| {
        signature.update(b"device ");
        signature.update(id.as_bytes());
        signature.update(b" ");
        signature.update(user.as_bytes());
        signature.finalize().into_bytes()
    });
    let signature = signature.map(|signature| URL_SAFE_NO_PAD.encode(signature)).unwrap_or_default();
    format!("{PREFIX}{id}_{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g";

    #[test]
    fn a_device_is_known_to_its_user_until_the_password_changes() {
        let (device, other) = (new_device("ann", HASH).unwrap(), new_device("ann", HASH).unwrap());
        assert_eq!(device.len(), 64);
        let id = known_device(&device, "ann", HASH).expect("it is known");
        assert_eq!(id.len(), 16);
        assert_ne!(Some(id), known_device(&other, "ann", HASH));
        assert_eq!(known_device(&device, "eve", HASH), None);
        assert_eq!(known_device(&device, "ann", &HASH.replace("aGFz", "aGFa")), None);
    }

    #[test]
    fn a_text_without_a_valid_signature_is_not_known() {
        let device = new_device("ann", HASH).unwrap();
        let forged = format!("bwd_0123456789abcdef_{}", device.rsplit_once('_').unwrap().1);
        for text in ["", "bwd_", "bwd__", "bwd_0123456789abcdef_", &device[..63], &forged, &format!("{device}A"), "ü"]
        {
            assert_eq!(known_device(text, "ann", HASH), None, "{text:?}");
        }
    }
}
