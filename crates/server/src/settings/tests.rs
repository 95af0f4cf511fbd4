//! Tests of the settings, as they are parsed from the command line.

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    settings: ServeSettings,
}

fn is_accepted(argument: &str) -> bool {
    Program::try_parse_from(["test", argument]).is_ok()
}

#[test]
fn limits_that_allow_nothing_are_refused() {
    for flag in [
        "rate-limit-window-ms",
        "rate-limit-max-requests",
        "rate-limit-burst",
        "activity-limit-max-requests",
        "max-tasks-per-board",
        "max-subscriptions",
        "max-connections",
        "max-connections-per-user",
        "max-connections-per-address",
        "max-mcp-sessions",
        "handshakes-per-minute",
        "failed-handshakes-per-minute",
        "ping-interval-ms",
        "ping-timeout-ms",
        "connect-timeout-ms",
    ] {
        assert!(!is_accepted(&format!("--{flag}=0")), "{flag}");
        assert!(is_accepted(&format!("--{flag}=1")), "{flag}");
    }
    assert!(!is_accepted("--max-payload=1023") && is_accepted("--max-payload=1024"));
    assert!(
        is_accepted("--min-free-disk=0") && is_accepted("--min-free-disk=99") && !is_accepted("--min-free-disk=100")
    );
    assert!(is_accepted("--attachment-quota=0") && is_accepted("--attachment-quota-per-user=0"));
    assert!(is_accepted("--drain-timeout-ms=0") && is_accepted("--event-retention-days=0"));
}

#[test]
fn a_server_that_others_reach_lacks_https_unless_a_setting_says_otherwise() {
    let lacks_https = |arguments: &[&str]| {
        let arguments = std::iter::once("test").chain(arguments.iter().copied());
        Program::try_parse_from(arguments).unwrap().settings.lacks_https()
    };
    assert!(lacks_https(&["--listen=0.0.0.0:3456"]));
    assert!(lacks_https(&["--listen=192.0.2.1:3456", "--client-url=http://board.example"]));
    assert!(!lacks_https(&["--listen=127.0.0.1:3456"]));
    assert!(!lacks_https(&["--listen=0.0.0.0:3456", "--client-url=https://board.example"]));
    assert!(!lacks_https(&["--listen=0.0.0.0:3456", "--trusted-proxies=192.0.2.7"]));
    assert!(!lacks_https(&["--listen=0.0.0.0:3456", "--secure-cookies=false"]));
    assert!(!lacks_https(&["--listen=0.0.0.0:3456", "--secure-cookies=true"]));
}

#[test]
fn each_origin_of_the_list_is_checked() {
    let settings = Program::try_parse_from(["test", "--client-url=https://a.example/,https://b.example:8443"]);
    assert_eq!(settings.unwrap().settings.client_url, ["https://a.example", "https://b.example:8443"]);
    assert!(!is_accepted("--client-url=https://a.example,https://b.example/app"));
}
