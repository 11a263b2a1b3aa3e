//! The steps that bring a schema up to date, compiled into the program.
//!
//! sqlx's own macro does the same, but compiles its drivers and their TLS a second time, for the
//! compiler.
//!
//! During an update, and after it is taken back, a program runs on the schema of a later version. So
//! a step leaves everything that the version before it uses, and a later release removes it; and a
//! program starts although the database knows steps that it does not know itself.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A set of migrations, and the table that remembers which of them have run.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    pub table: &'static str,
    /// In their order. A released step never changes: databases store its checksum.
    pub steps: &'static [MigrationFile],
}

/// The file's name without number and `.sql` and with spaces for underscores, and its text.
#[derive(Clone, Copy, Debug)]
pub struct MigrationFile(pub &'static str, pub &'static str);

impl Migrations {
    /// The table of a service's own schema. Each part of this crate has another one.
    pub const OWN_TABLE: &'static str = "_sqlx_migrations";

    /// For a service that stores only the tables of this crate.
    pub const NONE: Self = Self {
        table: Self::OWN_TABLE,
        steps: &[],
    };

    pub(super) fn migrator(&self) -> Migrator {
        let steps = (1..)
            .zip(self.steps)
            .map(|(version, MigrationFile(name, sql))| {
                let kind = MigrationType::Simple;
                Migration::new(version, (*name).into(), kind, sql.into_sql_str(), false)
            });
        let mut migrator = Migrator::with_migrations(steps.collect());
        migrator.dangerous_set_table_name(self.table);
        migrator.set_ignore_missing(true);
        migrator
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Migrations;
    use crate::database::writes;
    use crate::{idempotency, outbox};

    /// A file that is missing in the list would never run.
    #[test]
    fn every_file_is_a_step() {
        for (folder, migrations) in [
            ("idempotency", idempotency::MIGRATIONS),
            ("outbox", outbox::MIGRATIONS),
            ("write_checks", writes::MIGRATIONS),
        ] {
            let files = fs::read_dir(format!("migrations/{folder}")).map(Iterator::count);
            assert_eq!(files.ok(), Some(migrations.steps.len()), "{folder}");
        }
    }

    #[test]
    fn a_step_has_the_checksum_that_databases_of_earlier_releases_hold() {
        let first = Migrations::migrator(&writes::MIGRATIONS);
        let checksum = first.iter().next().map(|step| hex::encode(&step.checksum));
        assert_eq!(
            checksum.as_deref(),
            Some(
                "15908dd3be26e1edec0d7afe6fb094714dfffc894b055a2ea9b564552cef7792f373d7abc97e8b09ee3de8457a537b93"
            )
        );
    }
}
