//! Decides whose password is hashed next. No I/O.
//!
//! Each client address has a queue of its own, and the queues take turns. So a client that sends
//! many passwords delays itself: a client that sends one waits for at most one password of each
//! other client.

use std::collections::VecDeque;

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The limit on concurrent hashes.
    pub(super) running: usize,
    /// The limit on waiting passwords.
    pub(super) waiting: usize,
    /// The limit on those of one client. Requests from inside the restaurant are exempt.
    pub(super) per_client: usize,
}

/// Identifies a waiting password.
pub(super) type WaiterId = u64;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Runs,
    Waits(WaiterId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The queue is full.
    Full,
    /// The client's share is used up.
    Share,
}

#[derive(Debug)]
pub(super) struct Turns<C> {
    limits: Limits,
    running: usize,
    waiting: usize,
    last: WaiterId,
    /// The front has the next turn. No queue is empty. Requests from inside the restaurant have a
    /// queue, too.
    queues: VecDeque<(Option<C>, VecDeque<WaiterId>)>,
}

impl<C: Copy + PartialEq> Turns<C> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            running: 0,
            waiting: 0,
            last: 0,
            queues: VecDeque::new(),
        }
    }

    pub(super) fn enter(&mut self, client: Option<C>) -> Result<Entry, Refusal> {
        if self.running < self.limits.running {
            self.running += 1;
            return Ok(Entry::Runs);
        }
        let mut own = self.queues.iter_mut().filter(|(whose, _)| *whose == client);
        let own = own.next().map(|(_, queue)| queue);
        let is_counted = client.is_some();
        if is_counted && own.as_ref().map_or(0, |queue| queue.len()) >= self.limits.per_client {
            return Err(Refusal::Share);
        }
        if self.waiting >= self.limits.waiting {
            return Err(Refusal::Full);
        }
        self.waiting += 1;
        self.last += 1;
        match own {
            Some(queue) => queue.push_back(self.last),
            None => self.queues.push_back((client, VecDeque::from([self.last]))),
        }
        Ok(Entry::Waits(self.last))
    }

    /// Notes that a hash has ended. Returns the one whose turn it is now.
    pub(super) fn end(&mut self) -> Option<WaiterId> {
        let next = self.queues.pop_front().and_then(|(client, mut queue)| {
            let ticket = queue.pop_front();
            if !queue.is_empty() {
                self.queues.push_back((client, queue));
            }
            ticket
        });
        match next {
            Some(_) => self.waiting -= 1,
            None => self.running -= 1,
        }
        next
    }

    /// Removes one that gave up.
    pub(super) fn leave(&mut self, ticket: WaiterId) {
        for (_, queue) in &mut self.queues {
            let before = queue.len();
            queue.retain(|other| *other != ticket);
            self.waiting -= before - queue.len();
        }
        self.queues.retain(|(_, queue)| !queue.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::proptest;

    use super::{Entry, Limits, Refusal, Turns};

    const LIMITS: Limits = Limits {
        running: 2,
        waiting: 6,
        per_client: 4,
    };

    fn waits(turns: &mut Turns<char>, client: char) -> u64 {
        match turns.enter(Some(client)) {
            Ok(Entry::Waits(ticket)) => ticket,
            other => panic!("{client} does not wait: {other:?}"),
        }
    }

    /// As many run as may.
    fn busy() -> Turns<char> {
        let mut turns = Turns::new(LIMITS);
        for _ in 0..LIMITS.running {
            assert_eq!(turns.enter(Some('x')), Ok(Entry::Runs));
        }
        turns
    }

    #[test]
    fn a_client_with_one_password_is_not_behind_all_of_anothers() {
        let mut turns = busy();
        let many: Vec<_> = (0..4).map(|_| waits(&mut turns, 'a')).collect();
        let one = waits(&mut turns, 'b');
        let served: Vec<_> = (0..5).map_while(|_| turns.end()).collect();
        assert_eq!(served, [many[0], one, many[1], many[2], many[3]]);
    }

    #[test]
    fn a_client_has_its_share_of_the_queue_and_the_queue_an_end() {
        let mut turns = busy();
        for _ in 0..LIMITS.per_client {
            let _ = waits(&mut turns, 'a');
        }
        assert_eq!(turns.enter(Some('a')), Err(Refusal::Share));
        let last = [waits(&mut turns, 'b'), waits(&mut turns, 'b')];
        assert_eq!(turns.enter(Some('c')), Err(Refusal::Full));
        turns.leave(last[1]);
        let _ = waits(&mut turns, 'c');
    }

    #[test]
    fn requests_from_inside_may_use_the_whole_queue() {
        let mut turns = busy();
        for _ in 0..LIMITS.waiting {
            assert!(matches!(turns.enter(None), Ok(Entry::Waits(_))));
        }
        assert_eq!(turns.enter(None), Err(Refusal::Full));
    }

    #[test]
    fn a_password_that_gives_up_has_no_turn() {
        let mut turns = busy();
        let (a, b) = (waits(&mut turns, 'a'), waits(&mut turns, 'b'));
        turns.leave(a);
        assert_eq!(turns.end(), Some(b));
        assert_eq!(turns.end(), None);
    }

    proptest! {
        /// Letters enter, 0 ends, 1 gives up.
        #[test]
        fn the_limits_hold_and_each_password_gets_one_turn(steps in vec(0_u8..6, 0..200)) {
            let mut turns = Turns::new(LIMITS);
            let (mut running, mut waiting) = (0, Vec::new());
            for step in steps {
                match step {
                    0 if running > 0 => match turns.end() {
                        Some(ticket) => {
                            let place = waiting.iter().position(|(_, waits)| *waits == ticket);
                            let (client, _) = waiting.remove(place.unwrap());
                            // The one of its client that has waited longest.
                            let earlier = |(of, other): &(u8, u64)| *of == client && *other < ticket;
                            assert!(!waiting.iter().any(earlier));
                        }
                        None => {
                            assert!(waiting.is_empty());
                            running -= 1;
                        }
                    },
                    0 => {}
                    1 => if let Some((_, ticket)) = waiting.pop() {
                        turns.leave(ticket);
                    },
                    client => match turns.enter(Some(client)) {
                        Ok(Entry::Runs) => running += 1,
                        Ok(Entry::Waits(ticket)) => waiting.push((client, ticket)),
                        Err(Refusal::Full) => assert_eq!(waiting.len(), LIMITS.waiting),
                        Err(Refusal::Share) => {
                            let own = waiting.iter().filter(|(of, _)| *of == client).count();
                            assert_eq!(own, LIMITS.per_client);
                        }
                    },
                }
                assert!(running <= LIMITS.running && waiting.len() <= LIMITS.waiting);
                assert!(waiting.is_empty() || running == LIMITS.running);
            }
        }
    }
}
