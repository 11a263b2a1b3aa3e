//! Remembers answers in memory, for a service that holds its state there too: both are lost
//! together. No I/O, no clock.
//!
//! Anyone may send keys, so their number has a limit, and each client address has a share of it. A
//! client that exceeds its share loses its own oldest answer, never another client's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared_types::value::Timestamp;

use super::{ANSWER_LIFETIME, Claim, SealedKey};
use crate::client_address::ClientAddress;

/// 10 MB with answers of 2 kB. A restaurant's whole day has fewer.
const MAX_ANSWERS: usize = 5_000;

/// A dozen times the requests of a class behind one address in a lesson.
const MAX_PER_CLIENT: usize = 500;

#[derive(Debug, Default)]
pub struct Answers {
    by_key: HashMap<String, StoredAnswer>,
    /// The keys by number; the oldest has the lowest.
    by_age: BTreeMap<u64, String>,
    by_client: HashMap<Option<ClientAddress>, BTreeSet<u64>>,
    last: u64,
}

#[derive(Debug)]
struct StoredAnswer {
    number: u64,
    client: Option<ClientAddress>,
    fingerprint: String,
    made: String,
    text: String,
    at: Timestamp,
}

impl Answers {
    /// Whether to execute the request. If so, [`keep`](Self::keep) its answer before another
    /// request can claim the key.
    #[must_use]
    pub fn claim(&self, key: &SealedKey, now: Timestamp) -> Claim {
        let known = self.by_key.get(&key.name);
        match known.filter(|answer| answer.at > now.before(ANSWER_LIFETIME)) {
            None => Claim::First,
            Some(answer) if answer.fingerprint == key.fingerprint => {
                Claim::Done(answer.text.clone())
            }
            Some(_) => Claim::Reused,
        }
    }

    /// Stores the answer to a client's request, a JSON text. `made` is the id of the created
    /// object.
    pub fn keep(
        &mut self,
        key: &SealedKey,
        client: Option<ClientAddress>,
        (made, text): (String, String),
        now: Timestamp,
    ) {
        self.drop_key(&key.name.clone());
        while let Some(key) = self.one_too_many(client, now) {
            self.drop_key(&key);
        }
        self.last += 1;
        self.by_age.insert(self.last, key.name.clone());
        self.by_client.entry(client).or_default().insert(self.last);
        let answer = StoredAnswer {
            number: self.last,
            client,
            fingerprint: key.fingerprint.clone(),
            made,
            text,
            at: now,
        };
        self.by_key.insert(key.name.clone(), answer);
    }

    /// Removes the answers about something that is deleted.
    pub fn forget(&mut self, made: &str) {
        let about = self.by_key.iter().filter(|(_, answer)| answer.made == made);
        let about: Vec<_> = about.map(|(key, _)| key.clone()).collect();
        for key in about {
            self.drop_key(&key);
        }
    }

    /// The key to remove before another one of this client is stored.
    fn one_too_many(&self, client: Option<ClientAddress>, now: Timestamp) -> Option<String> {
        let oldest = self.by_age.first_key_value().map(|(_, key)| key)?;
        let is_over = self
            .by_key
            .get(oldest)
            .is_some_and(|answer| answer.at <= now.before(ANSWER_LIFETIME));
        let own = self.by_client.get(&client);
        if is_over || self.by_key.len() >= MAX_ANSWERS {
            Some(oldest.clone())
        } else if own.is_some_and(|own| own.len() >= MAX_PER_CLIENT) {
            own.and_then(BTreeSet::first)
                .and_then(|number| self.by_age.get(number))
                .cloned()
        } else {
            None
        }
    }

    fn drop_key(&mut self, key: &str) {
        let Some(answer) = self.by_key.remove(key) else {
            return;
        };
        self.by_age.remove(&answer.number);
        if let Some(own) = self.by_client.get_mut(&answer.client) {
            own.remove(&answer.number);
            if own.is_empty() {
                self.by_client.remove(&answer.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use shared_types::value::Timestamp;

    use super::{Answers, MAX_ANSWERS, MAX_PER_CLIENT};
    use crate::client_address::ClientAddress;
    use crate::idempotency::{ANSWER_LIFETIME, Claim, SealedKey};

    fn key(name: &str, body: &str) -> SealedKey {
        SealedKey {
            name: name.to_owned(),
            fingerprint: body.to_owned(),
        }
    }

    fn client(number: u32) -> Option<ClientAddress> {
        Some(IpAddr::from(Ipv4Addr::from(number)).into())
    }

    fn keep(answers: &mut Answers, name: &str, from: u32, now: Timestamp) {
        let made = (format!("id of {name}"), format!("answer to {name}"));
        answers.keep(&key(name, "body"), client(from), made, now);
    }

    fn is_kept(answers: &Answers, name: &str, now: Timestamp) -> bool {
        matches!(answers.claim(&key(name, "body"), now), Claim::Done(text) if text == format!("answer to {name}"))
    }

    #[test]
    fn a_repeat_gets_the_answer_and_another_body_does_not() {
        let (mut answers, now) = (Answers::default(), Timestamp::now());
        assert!(matches!(
            answers.claim(&key("a", "body"), now),
            Claim::First
        ));
        keep(&mut answers, "a", 1, now);
        assert!(is_kept(&answers, "a", now));
        assert!(matches!(
            answers.claim(&key("a", "other"), now),
            Claim::Reused
        ));
    }

    #[test]
    fn an_answer_is_removed_after_a_day_or_with_its_object() {
        let (mut answers, now) = (Answers::default(), Timestamp::now());
        keep(&mut answers, "a", 1, now);
        let before = now.after(ANSWER_LIFETIME - Duration::from_secs(1));
        assert!(is_kept(&answers, "a", before));
        assert!(matches!(
            answers.claim(&key("a", "other"), now.after(ANSWER_LIFETIME)),
            Claim::First
        ));
        keep(&mut answers, "b", 1, now.after(ANSWER_LIFETIME));
        assert_eq!(answers.by_key.len(), 1);
        answers.forget("id of b");
        assert!(answers.by_key.is_empty() && answers.by_age.is_empty());
        assert!(answers.by_client.is_empty());
    }

    #[test]
    fn a_client_beyond_its_share_loses_its_own_oldest_and_nobody_elses() {
        let (mut answers, now) = (Answers::default(), Timestamp::now());
        keep(&mut answers, "another's", 1, now);
        for number in 0..=MAX_PER_CLIENT {
            keep(&mut answers, &number.to_string(), 2, now);
        }
        assert!(is_kept(&answers, "another's", now));
        assert!(!is_kept(&answers, "0", now));
        assert!(is_kept(&answers, "1", now));
        assert_eq!(answers.by_key.len(), MAX_PER_CLIENT + 1);
    }

    #[test]
    fn beyond_the_limit_of_all_clients_the_oldest_answer_is_removed() {
        let (mut answers, now) = (Answers::default(), Timestamp::now());
        for number in 0..=u32::try_from(MAX_ANSWERS).unwrap() {
            keep(&mut answers, &number.to_string(), number, now);
        }
        assert!(!is_kept(&answers, "0", now));
        assert!(is_kept(&answers, "1", now));
        assert_eq!(answers.by_key.len(), MAX_ANSWERS);
        assert_eq!(answers.by_age.len(), MAX_ANSWERS);
    }
}
