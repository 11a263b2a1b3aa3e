//! Extracts the files of Swagger UI's page from its archive: a twentieth of it, without source
//! maps.

use std::error::Error;
use std::fs::File;
use std::io::{self, Cursor};
use std::path::Path;

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// Their paths below the archive's top folder.
const FILES: [&str; 4] = [
    "dist/swagger-ui-bundle.js",
    "dist/swagger-ui.css",
    "dist/favicon-32x32.png",
    "LICENSE",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = std::env::var("OUT_DIR")?;
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let first = archive
        .file_names()
        .next()
        .ok_or("Swagger UI's archive is empty")??;
    let top = first.split('/').next().unwrap_or_default().to_owned();
    drop(first);
    for path in FILES {
        let mut taken = archive.by_name(&format!("{top}/{path}"))?;
        let name = Path::new(path).file_name().ok_or("a file without a name")?;
        io::copy(
            &mut taken,
            &mut File::create(Path::new(&folder).join(name))?,
        )?;
    }
    Ok(())
}
