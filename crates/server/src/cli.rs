//! The command line.

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::{
    accounts::{self, TokenIssue, UserCreate},
    api_keys::{self, ApiKeyCreate, ApiKeyList, ApiKeyRevoke},
    bridge::{self, Mcp},
    config_file, demo, serve,
    settings::{ServeSettings, TelemetrySettings},
    telemetry,
};

/// The real-time collaboration server for Kanban boards.
///
/// Settings come from flags, then from BOARDWIRE_* variables, then from boardwire.toml (or the file named with --config),
/// where a flag such as --max-payload is written as max-payload.
#[derive(Debug, Parser)]
#[command(name = "boardwire", version, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve {
        #[command(flatten)]
        settings: Box<ServeSettings>,
        #[command(flatten)]
        telemetry: TelemetrySettings,
    },
    /// Run the server on a temporary database with sample users, a filled board and ready-to-use tokens.
    Demo {
        #[command(flatten)]
        settings: Box<ServeSettings>,
        #[command(flatten)]
        telemetry: TelemetrySettings,
        /// Print one JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Manage users.
    #[command(subcommand)]
    User(UserCommand),
    /// Issue tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manage API keys.
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Connect an agent that talks over standard input and output to a server.
    Mcp(Mcp),
}

#[derive(Debug, Subcommand)]
enum ApiKeyCommand {
    /// Create an API key for a user. The key is shown only once.
    Create(ApiKeyCreate),
    /// List API keys, without their secrets.
    List(ApiKeyList),
    /// Revoke an API key. Its connections end within a second.
    Revoke(ApiKeyRevoke),
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Create a user, or change an existing one's name, permissions, teams and password.
    Create(UserCreate),
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Issue a token for a client.
    Issue(TokenIssue),
}

/// Parses the command line, the environment and the configuration file.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let command = config_file::apply(Cli::command())?;
    Cli::from_arg_matches(&command.get_matches())
}

/// Executes the given command.
pub(crate) async fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Serve { settings, telemetry } => {
            let incidents = telemetry::start(&telemetry)?;
            serve::run(*settings, incidents).await
        }
        Command::Demo { settings, telemetry, json } => {
            let incidents = telemetry::start(&telemetry)?;
            demo::run(*settings, incidents, json).await
        }
        Command::User(UserCommand::Create(command)) => accounts::create_user(command).await,
        Command::Token(TokenCommand::Issue(command)) => accounts::issue_token(command).await,
        Command::ApiKey(ApiKeyCommand::Create(command)) => api_keys::create(command).await,
        Command::ApiKey(ApiKeyCommand::List(command)) => api_keys::list(command).await,
        Command::ApiKey(ApiKeyCommand::Revoke(command)) => api_keys::revoke(command).await,
        Command::Mcp(command) => bridge::run(command).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_defined_consistently() {
        Cli::command().debug_assert();
    }

    /// Collects the `--help` of a command and of all its subcommands, each under its full name. Values set on this
    /// machine are left out.
    fn help(words: &str, command: clap::Command, pages: &mut Vec<(String, String)>) {
        let mut command = command.term_width(110).mut_args(|argument| argument.hide_env_values(true));
        pages.push((words.to_owned(), command.render_long_help().to_string()));
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            let words = format!("{words} {}", below.get_name());
            help(&words, below.clone().bin_name(&words), pages);
        }
    }

    #[test]
    fn help_texts_match_their_snapshots() {
        let mut pages = Vec::new();
        help("boardwire", Cli::command(), &mut pages);
        for (words, page) in pages {
            insta::assert_snapshot!(words.replace(' ', "_"), page);
        }
    }
}
