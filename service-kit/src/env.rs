//! Reads the environment through an injected lookup.
//!
//! Tests pass pairs instead of changing the variables of the process, which no two tests could do
//! at once. Each requested name is recorded, so that a test can compare the documentation with the
//! variables that are really read.

#[cfg(feature = "database")]
mod secret;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

#[cfg(feature = "database")]
pub use secret::{Secret, SecretError};

/// A setting with an invalid value. The value is not repeated: it may be a secret.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct ConfigError {
    pub name: String,
    pub reason: String,
}

impl ConfigError {
    pub fn new(name: impl Into<String>, reason: impl Display) -> Self {
        Self {
            name: name.into(),
            reason: reason.to_string(),
        }
    }
}

type Lookup = dyn Fn(&str) -> Option<String>;

/// Clones share the record of requested names.
#[derive(Clone)]
pub struct Env {
    lookup: Rc<Lookup>,
    asked: Rc<RefCell<BTreeSet<String>>>,
}

impl Env {
    /// The variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// Exactly these variables.
    #[must_use]
    pub fn of_pairs<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        let pairs: BTreeMap<String, String> = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self::new(move |name| pairs.get(name).cloned())
    }

    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self {
            lookup: Rc::new(lookup),
            asked: Rc::default(),
        }
    }

    /// The variable's value. An empty one counts as absent, because compose files write
    /// `NAME=${NAME:-}`.
    pub fn get(&self, name: &str) -> Option<String> {
        self.asked.borrow_mut().insert(name.to_owned());
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    /// # Errors
    /// The variable is set and is not a `T`.
    pub fn parse<T>(&self, name: &str) -> Result<Option<T>, ConfigError>
    where
        T: FromStr<Err: Display>,
    {
        self.parse_with(name, |text| {
            text.parse::<T>().map_err(|error| error.to_string())
        })
    }

    /// # Errors
    /// The variable is set and is not a `T`.
    pub fn parse_or<T>(&self, name: &str, default: T) -> Result<T, ConfigError>
    where
        T: FromStr<Err: Display>,
    {
        Ok(self.parse(name)?.unwrap_or(default))
    }

    /// A duration with its unit: `250ms`, `5s`, `12h`.
    ///
    /// # Errors
    /// The variable is set and is not a duration.
    pub fn duration_or(&self, name: &str, default: Duration) -> Result<Duration, ConfigError> {
        Ok(self.duration(name)?.unwrap_or(default))
    }

    /// The same, without a default.
    ///
    /// # Errors
    /// The variable is set and is not a duration.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>, ConfigError> {
        self.parse_with(name, |text| {
            humantime::parse_duration(text).map_err(|error| error.to_string())
        })
    }

    /// # Errors
    /// The variable is set and `parse` refuses it.
    pub fn parse_with<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        self.get(name)
            .map(|text| parse(text.trim()).map_err(|reason| ConfigError::new(name, reason)))
            .transpose()
    }

    /// Every name that was requested so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.borrow().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Env;

    #[test]
    fn an_absent_or_empty_variable_takes_the_default() {
        let env = Env::of_pairs([("EMPTY", " ")]);
        assert_eq!(env.parse_or("EMPTY", 7).unwrap(), 7);
        assert_eq!(env.parse_or("ABSENT", 7).unwrap(), 7);
    }

    #[test]
    fn a_bad_value_is_named_but_not_repeated() {
        let env = Env::of_pairs([("COUNT", "s3cret")]);
        let error = env.parse_or("COUNT", 7).unwrap_err().to_string();
        assert!(error.starts_with("COUNT: "), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_duration_carries_its_unit() {
        let env = Env::of_pairs([("TTL", "250ms"), ("BARE", "250")]);
        let default = Duration::from_secs(1);
        assert_eq!(
            env.duration_or("TTL", default).unwrap(),
            Duration::from_millis(250)
        );
        assert!(env.duration_or("BARE", default).is_err());
    }

    #[test]
    fn requested_names_are_recorded() {
        let env = Env::of_pairs([]);
        env.get("B");
        env.get("A");
        assert_eq!(env.asked(), ["A", "B"]);
    }
}
