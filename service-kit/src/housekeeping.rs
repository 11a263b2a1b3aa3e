//! Deletes expired rows at the start and then every hour; nothing here is urgent.

use std::time::Duration;

use shared_types::value::Timestamp;

use crate::database::Database;
use crate::serve::Draining;

const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Calls `sweep` until a stop is requested. `sweep` logs its own errors.
pub async fn sweep_hourly(draining: Draining, sweep: impl AsyncFn()) {
    loop {
        sweep().await;
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = draining.begun() => return,
        }
    }
}

/// The rows that one statement deletes: few enough to be quick however many there are, and to let
/// others write between.
const PORTION: i64 = 1000;

/// Repeats a statement that deletes at most `$2` of the rows that expired by `$1`, until none is
/// left. Returns the number of deleted rows.
///
/// # Errors
/// The database fails; the rows that were deleted by then stay deleted.
pub async fn delete_by_portions(
    database: &Database,
    statement: &'static str,
    over: Timestamp,
) -> sqlx::Result<u64> {
    let mut deleted = 0;
    loop {
        let portion = sqlx::query(statement)
            .bind(over.millis())
            .bind(PORTION)
            .execute(&mut *database.writer().await?)
            .await?
            .rows_affected();
        if portion == 0 {
            return Ok(deleted);
        }
        deleted += portion;
    }
}

/// Logs the result of one part of a sweep.
pub fn report(what: &str, swept: sqlx::Result<u64>) {
    match swept {
        Ok(0) => {}
        Ok(count) => log::info!("{count} {what} deleted"),
        Err(error) => {
            log::warn!("{what} cannot be deleted, the next try is in an hour: {error}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{INTERVAL, sweep_hourly};
    use crate::serve::Draining;

    #[tokio::test(start_paused = true)]
    async fn it_sweeps_at_the_start_and_every_hour_until_a_stop() {
        let (draining, sweeps) = (Draining::default(), Cell::new(0));
        let tidy = sweep_hourly(draining.clone(), async || sweeps.set(sweeps.get() + 1));
        let stop = async {
            tokio::time::sleep(INTERVAL * 5 / 2).await;
            draining.begin();
        };
        tokio::join!(tidy, stop);
        assert_eq!(sweeps.get(), 3);
    }
}
