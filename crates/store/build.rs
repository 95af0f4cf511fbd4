//! Lists the scripts in `migrations/` for `src/migrations.rs`.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

/// Suffixes of the files that hold the SQL for a token of a script, for one of the databases.
const TOKEN_FILE_SUFFIXES: [&str; 2] = ["_sqlite.sql", "_postgres.sql"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=migrations");
    let mut scripts = Vec::new();
    for entry in fs::read_dir(Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("migrations"))? {
        let name = entry?.file_name().into_string().map_err(|name| format!("{} is not UTF-8", name.display()))?;
        if name.ends_with(".sql") && !TOKEN_FILE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
            scripts.push(name);
        }
    }
    scripts.sort();
    let mut list = String::from("&[\n");
    for (version, name) in (1..).zip(scripts) {
        let number = format!("{version:04}_");
        if !name.starts_with(&number) {
            return Err(format!("migrations/{name}: the next script's name must begin with {number}").into());
        }
        writeln!(list, r#"    ({version}, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/{name}"))),"#)?;
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("migrations.rs"), list)?;
    Ok(())
}
