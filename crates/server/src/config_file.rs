//! The configuration file: each of its keys is the default of the flag of the same name, so there is one list of
//! settings. Flags and variables win over it.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, error::ErrorKind};

const DEFAULT_FILE: &str = "boardwire.toml";

/// Takes the file's values over as defaults. Without `--config` or `BOARDWIRE_CONFIG`, `boardwire.toml` in the current
/// folder is read if it is there.
pub(crate) fn apply(command: Command) -> Result<Command, clap::Error> {
    let named = named_file(&command);
    let file = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    if named.is_none() && !file.exists() {
        return Ok(command);
    }
    let wrong = |message: String| Command::new("boardwire").error(ErrorKind::Io, message);
    let text = std::fs::read_to_string(&file).map_err(|error| wrong(format!("{}: {error}", file.display())))?;
    apply_text(command, &text).map_err(|message| wrong(format!("{}: {message}", file.display())))
}

fn apply_text(mut command: Command, text: &str) -> Result<Command, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    for (key, value) in table {
        let value =
            plain(&value).ok_or_else(|| format!("{key} must be text, a number, true, false or a list of these"))?;
        let mut known = false;
        command = set_default(command, &key, &value, &mut known);
        if !known {
            return Err(format!("there is no setting {key}; `boardwire serve --help` lists them"));
        }
    }
    Ok(command)
}

fn plain(value: &toml::Value) -> Option<String> {
    Some(match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Array(values) => values.iter().map(plain).collect::<Option<Vec<_>>>()?.join(","),
        toml::Value::Table(_) | toml::Value::Datetime(_) => return None,
    })
}

fn set_default(command: Command, key: &str, value: &str, known: &mut bool) -> Command {
    let id = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(key) && key != "config")
        .map(|arg| arg.get_id().clone());
    let names: Vec<_> = command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect();
    let mut command = match id {
        Some(id) => {
            *known = true;
            let value = value.to_owned();
            command.mut_arg(id, |arg: Arg| arg.default_value(value))
        }
        None => command,
    };
    for name in names {
        command = command.mut_subcommand(name, |subcommand| set_default(subcommand, key, value, known));
    }
    command
}

/// `--config` has to be known before the rest can be read.
fn named_file(command: &Command) -> Option<PathBuf> {
    let early = command.clone().ignore_errors(true).try_get_matches().ok()?;
    find_config(&early)
}

fn find_config(matches: &ArgMatches) -> Option<PathBuf> {
    if let Ok(Some(file)) = matches.try_get_one::<PathBuf>("config") {
        return Some(file.clone());
    }
    find_config(matches.subcommand()?.1)
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn command() -> Command {
        let arg = Arg::new("max_payload").long("max-payload").default_value("1");
        Command::new("test").subcommand(Command::new("serve").arg(arg))
    }

    fn value(arguments: &[&str], text: &str) -> Result<String, String> {
        let matches = apply_text(command(), text)?.get_matches_from(arguments);
        let serve = matches.subcommand_matches("serve").expect("the subcommand");
        Ok(serve.get_one::<String>("max_payload").expect("the value").clone())
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        assert_eq!(value(&["test", "serve"], ""), Ok("1".to_owned()));
        assert_eq!(value(&["test", "serve"], "max-payload = 2"), Ok("2".to_owned()));
        assert_eq!(value(&["test", "serve", "--max-payload", "3"], "max-payload = 2"), Ok("3".to_owned()));
    }

    #[test]
    fn an_unknown_setting_is_an_error() {
        assert!(value(&["test", "serve"], "max-paylod = 2").unwrap_err().contains("max-paylod"));
    }
}
