//! Prepares the files of the gateway's own pages: takes Swagger UI's from its archive (a twentieth
//! of it, without source maps), makes one script of the words of
//! the console and one of those of the demonstration, and compresses all of them,
//! so that no request waits for that.

use std::collections::BTreeSet;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// The files of Swagger UI, by their paths below the archive's top folder.
const SWAGGER_UI: [&str; 4] = [
    "dist/swagger-ui-bundle.js",
    "dist/swagger-ui.css",
    "dist/favicon-32x32.png",
    "LICENSE",
];

/// The folders of the gateway's own files.
const OWN: [(&str, &str); 3] = [
    ("console", "console"),
    ("demo", "demo"),
    ("docs", "src/operator/docs"),
];

/// Those that have a folder of words, a file for each language.
const WORDED: [&str; 2] = ["console", "demo"];

/// Higher ones take ten times as long to make the files smaller by 6 %.
const BROTLI_QUALITY: i32 = 9;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for (folder, source) in OWN {
        println!("cargo:rerun-if-changed={source}");
        let out = out.join(folder);
        fs::create_dir_all(&out)?;
        for file in fs::read_dir(source)? {
            let path = file?.path();
            if path.is_file() {
                write(&out, &path, &fs::read(&path)?)?;
            }
        }
    }
    for folder in WORDED {
        let words = words(&Path::new(folder).join("words"))?;
        write(&out.join(folder), Path::new("words.js"), words.as_bytes())?;
    }
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let first = archive
        .file_names()
        .next()
        .ok_or("Swagger UI's archive is empty")??;
    let top = first.split('/').next().unwrap_or_default().to_owned();
    drop(first);
    for path in SWAGGER_UI {
        let mut content = Vec::new();
        let mut file = archive.by_name(&format!("{top}/{path}"))?;
        file.read_to_end(&mut content)?;
        write(&out.join("docs"), Path::new(path), &content)?;
    }
    Ok(())
}

/// A script of a folder's words: one object for each file, by its name, which is a language's tag.
fn words(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut script = "export default {\n".to_owned();
    let files = fs::read_dir(folder)?.map(|file| file.map(|file| file.path()));
    // In the same order on every machine.
    for file in files.collect::<Result<BTreeSet<_>, _>>()? {
        let tag = file.file_stem().and_then(OsStr::to_str).ok_or("no tag")?;
        // JSON is JavaScript.
        script += &format!("\"{tag}\": {},\n", fs::read_to_string(&file)?.trim_end());
    }
    script += "};\n";
    Ok(script)
}

/// Writes a file as it is, and its compressed forms beside it.
fn write(folder: &Path, path: &Path, content: &[u8]) -> Result<(), Box<dyn Error>> {
    let name = path.file_name().ok_or("a file without a name")?;
    let beside = |ending: &str| {
        let mut name = name.to_owned();
        name.push(ending);
        folder.join(name)
    };
    fs::write(beside(""), content)?;
    let params = BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let mut brotli = Vec::new();
    brotli::BrotliCompress(&mut Cursor::new(content), &mut brotli, &params)?;
    fs::write(beside(".br"), brotli)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    fs::write(beside(".gz"), gzip.finish()?)?;
    Ok(())
}
