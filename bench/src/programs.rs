//! The programs that are measured: built as for the images, and started as processes.

pub(crate) mod gateway;
pub(crate) mod nginx;
pub(crate) mod postgres;
pub(crate) mod restaurant;
pub(crate) mod service;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::report::{Measured, Report};
use crate::{Error, machine};

/// The programs, in the order of their start.
pub(crate) const PROGRAMS: [&str; 5] = [
    "client-service",
    "order-service",
    "kitchen-mock",
    "delivery-mock",
    "gateway",
];

/// The Cargo profile that the programs are built with, which is also the name of their folder.
const PROFILE: &str = "dist";

/// The folders of the programs and of their files, and the machine's state before the measurement.
pub(crate) struct Place {
    pub(crate) programs: PathBuf,
    /// Removed when it is dropped, whatever happens.
    folder: TempDir,
    conditions: String,
}

impl Place {
    /// Builds the programs, and makes a folder in `data` or in the target folder.
    pub(crate) async fn prepare(data: Option<PathBuf>) -> Result<Self, Error> {
        Self::with(build()?, data).await
    }

    /// Takes the programs from the folder `programs`.
    pub(crate) async fn with(programs: PathBuf, data: Option<PathBuf>) -> Result<Self, Error> {
        let data = data.map_or_else(target_folder, Ok)?;
        fs::create_dir_all(&data)?;
        let folder = TempDir::with_prefix_in("bench-", data.canonicalize()?)?;
        Ok(Self {
            programs,
            conditions: machine::conditions(folder.path()).await?,
            folder,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A folder of its own for one measurement.
    pub(crate) fn fresh(&self) -> Result<TempDir, Error> {
        Ok(TempDir::new_in(&self.folder)?)
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    pub(crate) fn measured(&self, report: impl Report + 'static) -> Measured {
        Measured {
            conditions: self.conditions.clone(),
            report: Box::new(report),
        }
    }
}

/// The folder that this program was built into.
fn target_folder() -> Result<PathBuf, Error> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent);
    Ok(target
        .ok_or("this program is in no target folder")?
        .to_owned())
}

/// Builds the programs as for the images and gives their folder. It always builds all of them: the
/// features of a shared crate depend on what is built together, so another selection would build
/// that crate again.
fn build() -> Result<PathBuf, Error> {
    let target = target_folder()?;
    // `cargo run` sets this.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--profile", PROFILE])
        .args(PROGRAMS.iter().flat_map(|program| ["-p", program]))
        .arg("--target-dir")
        .arg(&target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()?;
    if !built.success() {
        return Err("the programs cannot be built".into());
    }
    Ok(target.join(PROFILE))
}
