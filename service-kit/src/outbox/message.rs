//! A message of the outbox, as its row in the table holds it.

crate::row! {
    /// One message for one recipient.
    #[derive(Clone, Debug)]
    pub struct Message {
        pub topic: String,
        pub(super) step: i32,
        pub body: String,
        /// The `traceparent` of the request that caused it; empty if there was none.
        pub(super) trace: String,
        /// How often it has been refused or failed.
        pub(super) attempts: i32,
        /// The end of its lease.
        pub(super) due_at: i64,
    }
}
