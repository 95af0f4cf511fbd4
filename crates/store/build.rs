//! Lists the scripts in `migrations/` for `src/migrations.rs`.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

/// What the names of pieces end with that stand for a token in a script, for one of the databases.
const PIECES: [&str; 2] = ["_sqlite.sql", "_postgres.sql"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("migrations");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut scripts = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a name that is not UTF-8")?;
        if PIECES.iter().any(|piece| name.ends_with(piece)) {
            continue;
        }
        let version = name.split_once('_').and_then(|(version, _)| version.parse::<u32>().ok());
        let version =
            version.ok_or_else(|| format!("migrations/{name} does not begin with a number, such as 0001_"))?;
        scripts.push((version, path));
    }
    scripts.sort();
    let mut list = String::from("&[\n");
    for (version, path) in scripts {
        writeln!(list, "    ({version}, include_str!({path:?})),")?;
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("migrations.rs"), list)?;
    Ok(())
}
