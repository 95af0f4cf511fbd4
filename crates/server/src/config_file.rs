//! The configuration file: each of its keys is the default of the flag with the same name, so there is only one list of
//! settings. Flags and variables take precedence over it.

use std::{error::Error as _, path::PathBuf};

use clap::{
    Arg, ArgMatches, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

const DEFAULT_FILE: &str = "boardwire.toml";

/// Uses the file's values as defaults. Without `--config` or `BOARDWIRE_CONFIG`, `boardwire.toml` in the current folder
/// is read if it exists.
pub(crate) fn apply(command: Command) -> Result<Command, clap::Error> {
    let named = named_file(&command);
    let file = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    if named.is_none() && !file.exists() {
        return Ok(command);
    }
    // The error is not about the command line: a raw error shows no usage.
    let wrong =
        |message: &str| clap::Error::raw(ErrorKind::Io, format!("{}: {}\n", file.display(), message.trim_end()));
    let text = std::fs::read_to_string(&file).map_err(|error| wrong(&format!("can't be read: {error}")))?;
    apply_text(command, &text).map_err(|message| wrong(&message))
}

fn apply_text(mut command: Command, text: &str) -> Result<Command, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    for (key, value) in table {
        let value =
            to_text(&value).ok_or_else(|| format!("{key} must be text, a number, true, false or a list of these"))?;
        let mut arguments = Vec::new();
        find_arguments(&command, &key, &mut arguments);
        for argument in &arguments {
            check(argument, &value).map_err(|why| format!("wrong value for {key}: {why}"))?;
        }
        command = set_default(command, &key, &value);
        if arguments.is_empty() {
            return Err(format!("there is no setting {key}; `boardwire serve --help` lists them"));
        }
    }
    Ok(command)
}

fn to_text(value: &toml::Value) -> Option<String> {
    Some(match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Array(values) => values.iter().map(to_text).collect::<Option<Vec<_>>>()?.join(","),
        toml::Value::Table(_) | toml::Value::Datetime(_) => return None,
    })
}

/// Returns whether a key of the file sets this flag. Arguments that every call must name are not set by the file.
fn is_set_by(argument: &Arg, key: &str) -> bool {
    argument.get_long() == Some(key) && key != "config" && !argument.is_required_set()
}

fn find_arguments(command: &Command, key: &str, found: &mut Vec<Arg>) {
    found.extend(command.get_arguments().filter(|argument| is_set_by(argument, key)).cloned());
    for subcommand in command.get_subcommands() {
        find_arguments(subcommand, key, found);
    }
}

/// Lets the flag's own parser read the value, so that an error can name the file.
fn check(argument: &Arg, value: &str) -> Result<(), String> {
    if !argument.get_action().takes_values() {
        return value.parse::<bool>().map(drop).map_err(|_| "true or false".to_owned());
    }
    if is_empty_list(argument, value) {
        return Ok(());
    }
    let given = format!("--{}={value}", argument.get_long().unwrap_or_default());
    match Command::new("file").no_binary_name(true).arg(argument.clone()).try_get_matches_from([given]) {
        Ok(_) => Ok(()),
        Err(error) => Err(reason(&error)),
    }
}

/// Returns the message of an error without the words about the command line.
fn reason(error: &clap::Error) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    if let Some(ContextValue::Strings(values)) = error.get(ContextKind::ValidValue)
        && !values.is_empty()
    {
        return format!("it is one of {}", values.join(", "));
    }
    error.kind().to_string()
}

fn is_empty_list(argument: &Arg, value: &str) -> bool {
    value.is_empty() && argument.get_value_delimiter().is_some()
}

fn set_default(mut command: Command, key: &str, value: &str) -> Command {
    let id =
        command.get_arguments().find(|argument| is_set_by(argument, key)).map(|argument| argument.get_id().clone());
    if let Some(id) = id {
        let value = value.to_owned();
        command = command.mut_arg(id, |argument| {
            if is_empty_list(&argument, &value) { argument } else { argument.default_value(value) }
        });
    }
    let names: Vec<_> = command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, |subcommand| set_default(subcommand, key, value));
    }
    command
}

/// Returns the file that `--config` names, which must be known before the rest can be parsed.
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
    use clap::{ArgAction, CommandFactory as _, builder::PossibleValuesParser, value_parser};

    use super::*;

    fn command() -> Command {
        let payload =
            Arg::new("max_payload").long("max-payload").default_value("1").value_parser(value_parser!(u64).range(1..));
        let format = Arg::new("format").long("format").value_parser(PossibleValuesParser::new(["console", "json"]));
        let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
        let id = Arg::new("id").long("id").required(true);
        let list = Arg::new("list").long("list").value_delimiter(',').action(ArgAction::Append);
        Command::new("test")
            .subcommand(Command::new("serve").args([payload, format, json, list]))
            .subcommand(Command::new("create").arg(id))
    }

    fn serve(arguments: &[&str], text: &str) -> Result<ArgMatches, String> {
        let matches = apply_text(command(), text)?.get_matches_from(arguments);
        Ok(matches.subcommand_matches("serve").expect("the subcommand").clone())
    }

    fn payload(arguments: &[&str], text: &str) -> Result<u64, String> {
        Ok(*serve(arguments, text)?.get_one("max_payload").expect("the value"))
    }

    fn problem(text: &str) -> String {
        apply_text(command(), text).expect_err("a wrong file")
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        assert_eq!(payload(&["test", "serve"], ""), Ok(1));
        assert_eq!(payload(&["test", "serve"], "max-payload = 2"), Ok(2));
        assert_eq!(payload(&["test", "serve", "--max-payload", "3"], "max-payload = 2"), Ok(3));
    }

    #[test]
    fn lists_are_read_item_by_item() {
        for (text, expected) in [("list = []", vec![]), ("list = ['a', 'b']", vec!["a", "b"])] {
            let matches = serve(&["test", "serve"], text).unwrap();
            let items: Vec<_> = matches.get_many::<String>("list").into_iter().flatten().collect();
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn an_unknown_setting_is_an_error() {
        assert!(problem("max-paylod = 2").contains("max-paylod"));
        assert!(problem("id = 'ann'").contains("there is no setting id"));
    }

    #[test]
    fn a_wrong_value_is_an_error_that_names_the_key() {
        assert!(problem("max-payload = 0").starts_with("wrong value for max-payload: 0 is not in 1.."));
        assert_eq!(problem("max-payload = 'x'"), "wrong value for max-payload: invalid digit found in string");
        assert_eq!(problem("format = '-x'"), "wrong value for format: it is one of console, json");
        assert_eq!(problem("json = 1"), "wrong value for json: true or false");
        assert!(problem("max-payload = {}").contains("max-payload must be text"));
    }

    #[test]
    fn the_file_can_set_the_settings_of_the_program() {
        let command = crate::cli::Cli::command;
        let text = "listen = 'localhost:0'\nclient-url = ['https://a.example', 'https://b.example/']\njson = true";
        assert!(apply_text(command(), text).is_ok());
        for wrong in ["listen = 3456", "client-url = ['https://a.example/app']", "log-format = 'xml'", "ttl = '1w'"] {
            let key = wrong.split(' ').next().unwrap();
            assert!(apply_text(command(), wrong).unwrap_err().starts_with(&format!("wrong value for {key}: ")));
        }
    }
}
