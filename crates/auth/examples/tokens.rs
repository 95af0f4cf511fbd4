//! Issues a token, and authenticates callers with it and with tokens that are not valid.
#![expect(clippy::print_stdout, reason = "an example")]

use std::{error::Error, sync::Arc, time::Duration};

use boardwire_auth::{
    Account, Authenticators, BoxError, Claimed, Credential, Directory, IssueRequest, Permission, Permissions,
    TokenAuthenticator, TokenIssuer, TokenVerifier,
};

/// A directory with one account.
struct OneUser;

#[async_trait::async_trait]
impl Directory for OneUser {
    async fn account(&self, claimed: &Claimed) -> Result<Option<Account>, BoxError> {
        self.known(&claimed.subject).await
    }

    async fn known(&self, user: &str) -> Result<Option<Account>, BoxError> {
        Ok((user == "ada").then(|| Account {
            id: "ada".into(),
            name: "Ada".into(),
            permissions: Permissions::READ_WRITE,
            teams: vec![],
        }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = [7; 32];
    let now_ms = 1_790_000_000_000;
    let issuer = TokenIssuer::hs256(secret, Some("example"), None)?;
    let issue = |subject: &str| {
        issuer.issue(&IssueRequest {
            subject: subject.into(),
            permissions: Some(Permissions::from_iter([Permission::Read])),
            name: None,
            teams: None,
            ttl: Duration::from_secs(3_600),
            now_ms,
            id: None,
        })
    };
    let verifier = TokenVerifier::builder().hs256_secret(secret).issuer("example").build()?;
    let chain = Authenticators::new(vec![Arc::new(TokenAuthenticator::new(verifier, Arc::new(OneUser)))]);

    let (token, later) = (issue("ada")?, now_ms + 2 * 3_600_000);
    for (label, token, now_ms) in [
        ("a valid token", token.clone(), now_ms),
        ("the same token, two hours later", token, later),
        ("a token of an unknown user", issue("eve")?, now_ms),
        ("no token at all", "garbage".into(), now_ms),
    ] {
        match chain.authenticate(&Credential::Token(token), now_ms).await {
            Ok(principal) => println!("{label}: {} may {}", principal.name, principal.permissions),
            Err(error) => println!("{label}: {error}"),
        }
    }
    Ok(())
}
