//! `boardwire mcp`: for agents that start a program and talk to it over standard input and output.

use std::io::{self, Write as _};

use anyhow::Result;
use boardwire_mcp::bridge;
use clap::Args;

use crate::serve;

/// The end of `--help`.
const EXAMPLE: &str = r#"A key for the agent, shown once:

  boardwire api-key create --user ann --name "Ann's agent"

In the configuration of an agent that starts its servers as programs, most often:

  {
    "mcpServers": {
      "boardwire": {
        "command": "boardwire",
        "args": ["mcp", "--url", "http://127.0.0.1:3456"],
        "env": {"BOARDWIRE_API_KEY": "…"}
      }
    }
  }

Every user of a machine can read its command lines: give credentials in the variables, not in the flags.

An agent that speaks HTTP needs no bridge: http://127.0.0.1:3456/mcp, with Authorization: Bearer …"#;

/// `boardwire mcp`.
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Mcp {
    /// The server's address.
    #[arg(long, env = "BOARDWIRE_URL", value_name = "URL", default_value = "http://127.0.0.1:3456")]
    url: String,
    /// The token to sign in with; an API key works as well. Prefer the variable.
    #[arg(long, env = "BOARDWIRE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The API key to sign in with. Prefer the variable.
    #[arg(long, env = "BOARDWIRE_API_KEY", value_name = "KEY", hide_env_values = true, conflicts_with = "token")]
    api_key: Option<String>,
}

/// Hides the credentials, which must not appear in logs.
impl std::fmt::Debug for Mcp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mcp").field("url", &self.url).finish_non_exhaustive()
    }
}

pub(crate) async fn run(command: Mcp) -> Result<()> {
    let stop = async {
        // Without signals, the end of the input is enough.
        if serve::stop_signal().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let given = |credential: Option<String>| credential.filter(|credential| !credential.is_empty());
    let (token, api_key) = (given(command.token), given(command.api_key));
    bridge::run(bridge::Settings { url: command.url, token, api_key, say }, stop).await?;
    Ok(())
}

/// Prints on standard error; standard output belongs to the protocol.
fn say(sentence: &str) {
    // If standard error can't be written, the agent still gets its answer.
    let _ = writeln!(io::stderr(), "boardwire mcp: {sentence}");
}
