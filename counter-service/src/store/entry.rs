//! Reads and withdraws entries.

use serde_json::value::RawValue;
use service_kit::failure::Failure;
use shared_types::field::FromText as _;
use shared_types::id::{ClientId, DeferredId};
use shared_types::order::deferred::{
    Deferred, DeferredQueue, DeferredState, Promise, PromiseStatus,
};
use shared_types::text::Lang;
use shared_types::value::Timestamp;
use sqlx::{Any, Executor};

use super::{Store, StoreError};

service_kit::row! {
    #[derive(Debug)]
    pub(super) struct EntryRow {
        pub(super) id: String,
        owner: Option<String>,
        pub(super) fingerprint: String,
        state: String,
        answer: Option<String>,
        created_at: i64,
        expires_at: i64,
        ended_at: Option<i64>,
        unsure: i64,
    }
}

/// Reads an [`EntryRow`].
macro_rules! select_entry {
    ($condition:literal) => {
        concat!(
            "SELECT id, owner, fingerprint, state, answer, created_at, expires_at, ended_at, unsure
             FROM entries WHERE ",
            $condition
        )
    };
}
pub(super) use select_entry;

/// Neither one that is under way, nor one that may have been carried out.
const WITHDRAW: &str = "UPDATE entries SET state = 'withdrawn', request = '', ended_at = $2
     WHERE id = $1 AND state = 'pending' AND leased_until = 0 AND unsure = 0";

/// An entry as its client sees it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: DeferredId,
    owner: Option<ClientId>,
    state: DeferredState,
    /// The body of the upstream's answer, as JSON.
    answer: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
    /// When it was taken, or ended.
    since: Timestamp,
    is_unsure: bool,
}

/// The failures of a request for an entry.
#[derive(Debug)]
pub(crate) enum EntryError {
    Unknown,
    /// It cannot be withdrawn any more.
    UnderWay,
    Store(StoreError),
}

impl From<StoreError> for EntryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for EntryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Entry {
    /// What its client is told while it waits. `None` once it has ended.
    pub(crate) fn promise(&self, lang: Lang) -> Option<Promise> {
        (self.state == DeferredState::Pending).then(|| Promise {
            id: self.id,
            status: PromiseStatus::Unconfirmed,
            message: self.message(lang).to_owned(),
        })
    }

    fn message(&self, lang: Lang) -> &'static str {
        let say = &lang.sentences().deferred;
        match self.state {
            DeferredState::Pending => say.pending,
            DeferredState::Accepted => say.accepted,
            DeferredState::Refused => say.refused,
            DeferredState::Withdrawn => say.withdrawn,
            DeferredState::Expired if self.is_unsure => say.expired_unsure,
            DeferredState::Expired => say.expired,
        }
    }

    pub(crate) fn shown(self, lang: Lang) -> Result<Deferred, Failure> {
        let message = self.message(lang).to_owned();
        let answer = self.answer.map(RawValue::from_string).transpose();
        let answer = answer.map_err(Failure::internal)?;
        let (result, problem) = match self.state {
            DeferredState::Accepted => (answer, None),
            _ => (None, answer),
        };
        Ok(Deferred {
            id: self.id,
            status: self.state,
            message,
            created_at: self.created_at,
            since: self.since,
            expires_at: self.expires_at,
            result,
            problem,
        })
    }
}

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let unreadable = |column, value: &str| StoreError::Unreadable {
            column,
            value: value.to_owned(),
        };
        let time = |column, millis: i64| {
            let time = Timestamp::from_millis(millis);
            time.ok_or_else(|| unreadable(column, &millis.to_string()))
        };
        let owner = match &row.owner {
            Some(owner) => Some(
                ClientId::from_text(owner).map_err(|_text| unreadable("entries.owner", owner))?,
            ),
            None => None,
        };
        let state = DeferredState::of(&row.state);
        Ok(Self {
            id: DeferredId::from_text(&row.id)
                .map_err(|_text| unreadable("entries.id", &row.id))?,
            owner,
            state: state.ok_or_else(|| unreadable("entries.state", &row.state))?,
            answer: row.answer,
            created_at: time("entries.created_at", row.created_at)?,
            expires_at: time("entries.expires_at", row.expires_at)?,
            since: time("entries.ended_at", row.ended_at.unwrap_or(row.created_at))?,
            is_unsure: row.unsure != 0,
        })
    }
}

impl Store {
    /// To a client, another client's entry is one that does not exist.
    pub(crate) async fn find(
        &self,
        id: DeferredId,
        own: Option<ClientId>,
    ) -> Result<Entry, EntryError> {
        let mut reader = self.database.reader().await?;
        find(&mut *reader, id, own).await
    }

    /// The same again for one that is withdrawn already.
    pub(crate) async fn withdraw(
        &self,
        id: DeferredId,
        own: Option<ClientId>,
    ) -> Result<Entry, EntryError> {
        self.find(id, own).await?;
        let now = self.now().await?;
        let mut transaction = self.database.write().await?;
        sqlx::query(WITHDRAW)
            .bind(id.to_string())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        let entry = find(&mut *transaction, id, own).await?;
        transaction.commit().await?;
        match entry.state {
            DeferredState::Withdrawn => Ok(entry),
            _ => Err(EntryError::UnderWay),
        }
    }

    pub(crate) async fn queue(&self) -> Result<DeferredQueue, StoreError> {
        let (waiting, oldest): (i64, Option<i64>) =
            sqlx::query_as("SELECT COUNT(*), MIN(created_at) FROM entries WHERE state = 'pending'")
                .fetch_one(&mut *self.database.reader().await?)
                .await?;
        Ok(DeferredQueue {
            waiting: waiting.try_into().unwrap_or(0),
            oldest: oldest.and_then(Timestamp::from_millis),
        })
    }
}

async fn find(
    executor: impl Executor<'_, Database = Any>,
    id: DeferredId,
    own: Option<ClientId>,
) -> Result<Entry, EntryError> {
    let row: Option<EntryRow> = sqlx::query_as(select_entry!("id = $1"))
        .bind(id.to_string())
        .fetch_optional(executor)
        .await?;
    let entry = Entry::try_from(row.ok_or(EntryError::Unknown)?)?;
    match own {
        Some(own) if entry.owner != Some(own) => Err(EntryError::Unknown),
        _ => Ok(entry),
    }
}
