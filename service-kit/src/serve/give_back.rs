//! Makes the allocator give memory back to the system after a burst.
//!
//! mimalloc gives freed memory back a second later, but it looks for such memory only when a page
//! of its memory is freed. After a burst nothing is freed, so an idle program would keep all the
//! memory that it ever had. So from time to time one large block is allocated and freed at once,
//! which makes mimalloc look. Each worker does so, since each thread has a heap of its own.
//! `mi_collect` does the same, but calling it needs `unsafe`. Giving back at once (a delay of 0) was
//! rejected: under load, the same memory is needed again a moment later.

use std::hint::black_box;
use std::time::Duration;

use tokio::time::sleep;

use super::Draining;

/// Longer than mimalloc's delay, and short enough for anyone who watches the memory.
const EVERY: Duration = Duration::from_secs(2);

/// A block of this size has its own page. Nothing is written into it, so it takes no memory.
const BLOCK: usize = 8 * 1024 * 1024;

/// Makes the allocator of this thread give memory back, until a stop is requested.
pub async fn give_back(draining: Draining) {
    loop {
        tokio::select! {
            () = sleep(EVERY) => {}
            () = draining.begun() => return,
        }
        drop(black_box(Vec::<u8>::with_capacity(BLOCK)));
    }
}
