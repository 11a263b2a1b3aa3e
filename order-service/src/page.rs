//! The query of a list of orders, and the headers that lead to its next page.
//!
//! Pages are cut by key, not by offset: a cursor names the last order of a page, and the next page
//! starts below it, however many orders were added at the top meanwhile. The body stays a plain
//! array, which existing frontends expect.

mod created;

use std::fmt::{self, Write as _};

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use service_kit::input::{Parameters, Several};
use shared_types::field::{FieldErrors, FromText, Optional};
use shared_types::id::{ClientId, OrderId};
use shared_types::order::OrderStatus;
use shared_types::text::Text;
use shared_types::value::Timestamp;

pub(crate) use created::Created;
use created::Moment;

/// Keeps one page within a few hundred kilobytes.
const MAX_LIMIT: u32 = 200;

/// The query parameters of `GET /commandes`.
#[derive(Clone, Debug, Default, Deserr)]
#[deserr(error = FieldErrors, rename_all = camelCase, validate = Listing::lasts -> FieldErrors)]
pub(crate) struct Listing {
    #[deserr(default)]
    pub(crate) client_id: Several<ClientId>,
    #[deserr(default)]
    pub(crate) status: Several<OrderStatus>,
    #[deserr(default)]
    from: Optional<Moment>,
    #[deserr(default)]
    to: Optional<Moment>,
    /// When absent: every open order, and the newest that have ended.
    #[deserr(default)]
    pub(crate) limit: Optional<Limit>,
    #[deserr(default)]
    pub(crate) cursor: Optional<Cursor>,
    /// When absent: the newest first.
    #[deserr(default)]
    sort: Optional<Sort>,
}

/// Which orders come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    #[default]
    Newest,
    /// Only with a `limit`.
    Oldest,
}

/// Between 1 and [`MAX_LIMIT`] orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(u32);

/// The place where a list goes on. Opaque to clients: its content may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The last order of the page.
    pub(crate) last: OrderId,
    /// Set once every open order has been listed: the next pages hold the orders that ended before
    /// this time.
    pub(crate) ended_before: Option<Timestamp>,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.last.fmt(f)?;
        match self.ended_before {
            Some(moment) => write!(f, ".{}", moment.millis()),
            None => Ok(()),
        }
    }
}

impl Limit {
    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

impl Parameters for Listing {
    const SINGLE: &'static [&'static str] = &["from", "to", "limit", "cursor", "sort"];
    const SEVERAL: &'static [&'static str] = &["clientId", "status"];
    const OTHER_WORDS: &'static [(&'static str, &'static str)] = &[
        ("statut", "status"),
        ("etat", "status"),
        ("état", "status"),
        ("state", "status"),
        ("client", "clientId"),
        ("customer", "clientId"),
        ("customerId", "clientId"),
        ("userId", "clientId"),
        ("page", "cursor"),
        ("offset", "cursor"),
        ("skip", "cursor"),
        ("after", "cursor"),
        ("perPage", "limit"),
        ("pageSize", "limit"),
        ("size", "limit"),
        ("orderBy", "sort"),
        ("sortBy", "sort"),
        ("tri", "sort"),
        ("since", "from"),
        ("startDate", "from"),
        ("dateFrom", "from"),
        ("dateDebut", "from"),
        ("until", "to"),
        ("endDate", "to"),
        ("dateTo", "to"),
        ("dateFin", "to"),
    ];
}

impl Listing {
    /// Refuses a time that ends before it begins.
    fn lasts(self, _location: ValuePointerRef<'_>) -> Result<Self, FieldErrors> {
        match self.created() {
            Created {
                from: Some(from),
                to: Some(to),
            } if to <= from => {
                let text = Text::fixed(|say| say.orders.ends_first);
                Err(FieldErrors::one("to", text))
            }
            _ => Ok(self),
        }
    }

    pub(crate) fn created(&self) -> Created {
        Created {
            from: self.from.as_ref().map(|from| from.begins()),
            to: self.to.as_ref().map(|to| to.ends()),
        }
    }

    pub(crate) fn sort(&self) -> Sort {
        self.sort.as_ref().copied().unwrap_or_default()
    }

    /// The `Link` field (RFC 8288 §3) to the next page. Its target is only a query (RFC 3986
    /// §5.2.2), so that it resolves against whatever path the client requested, even the gateway's.
    ///
    /// The query is written from parsed values, which hold only characters that a query may have
    /// (RFC 3986 §3.4), so nothing needs percent-encoding.
    pub(crate) fn next_link(&self, next: &Cursor) -> String {
        let mut link = String::from("<?");
        // Writing to a String cannot fail.
        for client in self.client_id.values() {
            let _ = write!(link, "clientId={client}&");
        }
        for status in self.status.values() {
            let _ = write!(link, "status={status}&");
        }
        for (name, moment) in [("from", &self.from), ("to", &self.to)] {
            if let Some(moment) = moment.as_ref() {
                let _ = write!(link, "{name}={}&", moment.to_text());
            }
        }
        if let Some(Limit(limit)) = self.limit.as_ref() {
            let _ = write!(link, "limit={limit}&");
        }
        if self.sort() == Sort::Oldest {
            link.push_str("sort=oldest&");
        }
        let _ = write!(link, "cursor={next}>; rel=\"next\"");
        link
    }
}

impl FromText for Limit {
    fn from_text(text: &str) -> Result<Self, Text> {
        text.parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .map(Self)
            .ok_or_else(|| Text::formatted(|say| (say.fields.whole_number)(1, MAX_LIMIT)))
    }
}

impl FromText for Sort {
    fn from_text(text: &str) -> Result<Self, Text> {
        match text {
            "newest" => Ok(Self::Newest),
            "oldest" => Ok(Self::Oldest),
            _ => Err(Text::fixed(|say| say.orders.sort)),
        }
    }
}

impl FromText for Cursor {
    fn from_text(text: &str) -> Result<Self, Text> {
        let (last, ended_before) = match text.split_once('.') {
            None => (text, None),
            Some((last, millis)) => {
                let moment = millis.parse().ok().and_then(Timestamp::from_millis);
                (last, Some(moment.ok_or_else(unknown_cursor)?))
            }
        };
        let last = OrderId::from_text(last).map_err(|_not_a_uuid| unknown_cursor())?;
        Ok(Self { last, ended_before })
    }
}

/// A malformed cursor and one that names no order are the same fault: this service did not issue
/// it.
pub(crate) fn unknown_cursor() -> Text {
    Text::fixed(|say| say.orders.unknown_cursor)
}

/// A list without a limit always begins with the newest orders.
pub(crate) fn limit_needed() -> FieldErrors {
    FieldErrors::one("limit", Text::fixed(|say| say.orders.limit_needed))
}

impl Deserr<FieldErrors> for Limit {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        parameter(value, location)
    }
}

impl Deserr<FieldErrors> for Sort {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        parameter(value, location)
    }
}

impl Deserr<FieldErrors> for Cursor {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        parameter(value, location)
    }
}

/// Query parameters are flat: the last part of the location is the parameter's name.
pub(crate) fn parameter<T: FromText, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<T, FieldErrors> {
    let text: String = Deserr::<FieldErrors>::deserialize_from_value(value, location)?;
    let name = location.last_field().unwrap_or_default();
    T::from_text(&text).map_err(|text| FieldErrors::one(name, text))
}

#[cfg(test)]
mod tests {
    use shared_types::field::FromText as _;

    use super::{Cursor, Limit};

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        for text in [
            "0192f0c4-0a11-7000-8000-00000000ffff",
            "0192f0c4-0a11-7000-8000-00000000ffff.1764412345678",
        ] {
            assert_eq!(Cursor::from_text(text).unwrap().to_string(), text);
        }
        for bad in ["", "abc", "0192f0c4-0a11-7000-8000-00000000ffff.", "x.1"] {
            assert!(Cursor::from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_limit_is_between_1_and_200() {
        for good in ["1", "200"] {
            assert!(Limit::from_text(good).is_ok(), "{good}");
        }
        for bad in ["0", "201", "-1", "1.5", "ten", "99999999999"] {
            assert!(Limit::from_text(bad).is_err(), "{bad}");
        }
    }
}
