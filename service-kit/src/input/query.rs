//! Reads the query parameters of a request.
//!
//! 1. A parameter that takes several values may be repeated, also as `name[]`, or have commas
//!    between them ([`Several`]). Of any other that is repeated, the last counts.
//! 2. An unknown parameter is ignored, as a frontend may add its own. One that resembles a known
//!    one is refused: its sender means a filter, and would take everything for the answer
//!    (`likeness`).

mod likeness;
mod several;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use deserr::Deserr;
use serde_json::{Map, Value};
use shared_types::field::FieldErrors;
use shared_types::problem::Code;
use shared_types::text::Text;

use crate::failure::Failure;

pub use several::Several;

/// The parameters of a route.
pub trait Parameters: Deserr<FieldErrors> {
    /// Those with one value.
    const SINGLE: &'static [&'static str];
    /// Those with [`Several`] values.
    const SEVERAL: &'static [&'static str] = &[];
    /// Other words that a sender may use for one of them, each with the right name.
    const OTHER_WORDS: &'static [(&'static str, &'static str)] = &[];
}

/// Parsed query parameters.
pub struct Query<T>(pub T);

impl<T: Parameters + 'static> FromRequest for Query<T> {
    type Error = Failure;
    type Future = std::future::Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        std::future::ready(read(request.query_string()).map(Self))
    }
}

fn read<T: Parameters>(query: &str) -> Result<T, Failure> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| Failure::new(Code::BadRequest).caused_by(error.to_string()))?;
    let known = [T::SINGLE, T::SEVERAL].concat();
    let mut values = Map::new();
    let mut strange = FieldErrors::default();
    for (name, value) in pairs.into_inner() {
        let plain = name.strip_suffix("[]").unwrap_or(&name);
        if T::SEVERAL.contains(&plain) {
            let all = values.entry(plain).or_insert_with(|| Value::Array(vec![]));
            if let Value::Array(all) = all {
                all.push(value.into());
            }
        } else if T::SINGLE.contains(&name.as_str()) {
            values.insert(name, value.into());
        } else if let Some(meant) = likeness::meant(&name, &known, T::OTHER_WORDS) {
            let text = Text::formatted(|say| (say.requests.resembles)(meant));
            strange.push(name, text);
        }
    }
    if !strange.is_empty() {
        return Err(Failure::invalid(strange));
    }
    deserr::deserialize(Value::Object(values)).map_err(Failure::invalid)
}

#[cfg(test)]
mod tests {
    use deserr::Deserr;
    use shared_types::field::{FieldErrors, Optional};
    use shared_types::order::OrderStatus::{self, Pending, Ready};

    use super::{Parameters, Several, read};

    #[derive(Debug, Deserr)]
    #[deserr(error = FieldErrors)]
    struct Filter {
        #[deserr(default)]
        status: Several<OrderStatus>,
        #[deserr(default)]
        limit: Optional<String>,
    }

    impl Parameters for Filter {
        const SINGLE: &'static [&'static str] = &["limit"];
        const SEVERAL: &'static [&'static str] = &["status"];
        const OTHER_WORDS: &'static [(&'static str, &'static str)] = &[("etat", "status")];
    }

    #[test]
    fn several_values_may_be_spelled_in_three_ways() {
        for query in [
            "status=PRETE&status=EN_ATTENTE",
            "status=PRETE,EN_ATTENTE",
            "status[]=PRETE&status[]=en+attente",
            "status%5B%5D=PRETE%2CPRETE&status=,EN_ATTENTE,",
        ] {
            let filter: Filter = read(query).unwrap();
            assert_eq!(filter.status.values(), [Ready, Pending], "{query}");
        }
    }

    #[test]
    fn no_value_is_no_filter_and_of_a_single_one_the_last_counts() {
        let filter: Filter = read("status=&status[]=&limit=1&limit=2&colour=red&t=17").unwrap();
        assert_eq!(filter.status.values(), []);
        assert_eq!(filter.limit.as_ref().unwrap(), "2");
    }

    #[test]
    fn a_bad_value_and_a_strange_name_are_named() {
        for (query, field) in [
            ("status=PRETE,perdue", "status"),
            ("stauts=PRETE", "stauts"),
            ("Status=PRETE", "Status"),
            ("etat=PRETE", "etat"),
            ("limit[]=1", "limit[]"),
        ] {
            let failure = read::<Filter>(query).unwrap_err();
            let problems = failure.fields().to_problems(Default::default());
            let fields: Vec<_> = problems.into_iter().map(|problem| problem.field).collect();
            assert_eq!(fields, [field], "{query}");
        }
    }

    #[test]
    fn more_values_than_any_filter_needs_are_refused() {
        let most = "PRETE,".repeat(super::several::MOST);
        assert!(read::<Filter>(&format!("status={most}")).is_ok());
        assert!(read::<Filter>(&format!("status={most}PRETE")).is_err());
    }
}
