//! `order-service import FILE`: imports a menu without a running service.

use std::path::PathBuf;

use service_kit::program::{Arg, ArgAction, ArgMatches, Command, RunError, value_parser};
use shared_types::menu::ImportResult;
use shared_types::text::Lang;

use crate::Config;
use crate::menu::import::{self, Format, Unreadable};
use crate::store::Store;

/// The arguments of `import`.
#[must_use]
pub fn import_arguments() -> Command {
    Command::new("import")
        .about("Imports a menu, CSV or JSON, into the database of DATABASE_URL")
        .long_about(
            "Imports a menu, CSV or JSON, into the database of DATABASE_URL. All of it or nothing \
             is imported; a dish of the same name in the same category is changed. While the \
             service runs on a SQLite file, use its POST /menu/import",
        )
        .arg(
            Arg::new("FILE")
                .help("The menu; a name that ends with .json is JSON, any other CSV")
                .required(true)
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .help("Says what an import would do, and changes nothing")
                .action(ArgAction::SetTrue),
        )
}

/// Runs `import`.
///
/// # Errors
/// The file cannot be read or is faulty, or the database cannot be opened or written to.
pub async fn import(config: Config, given: ArgMatches) -> Result<(), RunError> {
    let path: &PathBuf = given.get_one("FILE").ok_or("import needs a FILE")?;
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("{shown}: {error}"))?;
    if bytes.len() > import::MAX_BYTES {
        return Err(format!("{shown} has more than {} bytes", import::MAX_BYTES).into());
    }
    let is_json = path.extension().is_some_and(|name| name == "json");
    let format = if is_json { Format::Json } else { Format::Csv };
    let menu = import::read(format, &bytes, None).map_err(|error| match error {
        Unreadable::Json(line, column) => {
            format!("{shown} is malformed JSON (line {line}, column {column})")
        }
        Unreadable::Faulty(faults) => format!("{shown}: {}", faults.sentence(Lang::En)),
    })?;
    for title in &menu.ignored {
        log::info!("the column {title:?} is ignored");
    }
    let store = Store::open(&config.database_url, Vec::new(), config.open_per_address).await?;
    let is_dry = given.get_flag("dry-run");
    let planned = if is_dry {
        store.rehearse_import(menu.entries).await?
    } else {
        store.import(menu.entries).await?
    };
    let count = |result| planned.iter().filter(|one| one.result == result).count();
    log::info!(
        "{shown}, {}: {} created, {} updated, {} unchanged{}",
        menu.encoding,
        count(ImportResult::Created),
        count(ImportResult::Updated),
        count(ImportResult::Unchanged),
        if is_dry { "; nothing was changed" } else { "" },
    );
    Ok(())
}
