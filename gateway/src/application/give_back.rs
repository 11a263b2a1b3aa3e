//! Has the allocator give memory back to the system once a burst is over.
//!
//! mimalloc means to give freed memory back a second later. But it looks for what is due only when a page of its memory is
//! freed, and after a burst nobody frees any: an idle gateway would keep all that it ever had. So now and then one large
//! block is taken and freed at once, which makes it look. `mi_collect` does the same for one thread alone, and cannot be called
//! without `unsafe`. Giving back at once (a delay of 0) was rejected: under load, the same memory is taken again in a moment.

use std::hint::black_box;
use std::time::Duration;

use service_kit::serve::Draining;
use tokio::time::sleep;

/// Longer than mimalloc waits, and soon enough for whoever looks at the memory.
const EVERY: Duration = Duration::from_secs(2);

/// A block of this size has a page of its own. Nothing is written into it, so that it takes no memory.
const BLOCK: usize = 8 * 1024 * 1024;

pub(crate) async fn run(draining: Draining) {
    loop {
        tokio::select! {
            () = sleep(EVERY) => {}
            () = draining.begun() => return,
        }
        drop(black_box(Vec::<u8>::with_capacity(BLOCK)));
    }
}
