//! Which differences are worse, and how they are told.

use std::collections::BTreeMap;
use std::time::Duration;

use shared_types::gateway::Availability;
use shared_types::problem::Code;

use super::super::outlook::{Answer, FeatureOutlook, Loss, Outlook, RouteOutlook, Stale};
use super::{Change, Verdict, changes};

const STALE: Stale = Stale {
    longest_age: Duration::from_secs(60),
    wait: Duration::from_secs(1),
    is_shared: true,
    is_warm: true,
};

const OTHERS: Answer = Answer::OtherParts(Duration::from_secs(60));

fn route(answers: &[(&str, Answer)]) -> Outlook {
    let answers = answers.iter().cloned();
    let answers = answers.map(|(upstream, answer)| (upstream.to_owned(), answer));
    let route = RouteOutlook {
        answers: answers.collect(),
        ..RouteOutlook::default()
    };
    Outlook {
        routes: BTreeMap::from([("GET /a".to_owned(), Ok(route))]),
        features: BTreeMap::new(),
        upstreams: BTreeMap::new(),
    }
}

fn feature(loss: Loss) -> Outlook {
    let losses = FeatureOutlook(BTreeMap::from([("orders".to_owned(), loss)]));
    Outlook {
        features: BTreeMap::from([("menu".to_owned(), losses)]),
        ..route(&[])
    }
}

fn verdicts(changes: &[Change]) -> Vec<(Verdict, Option<&str>)> {
    let verdicts = changes.iter();
    verdicts
        .map(|change| (change.verdict, change.down.as_deref()))
        .collect()
}

#[test]
fn a_real_answer_is_better_than_a_file_and_a_file_better_than_a_problem() {
    let ranked = [
        Answer::Usual,
        OTHERS,
        Answer::Stale(STALE),
        Answer::File("a.json".to_owned()),
        Answer::Problem(Code::UpstreamUnavailable),
    ];
    for pair in ranked.windows(2) {
        let [better, worse] = [0, 1].map(|index| route(&[("orders", pair[index].clone())]));
        let found = changes(&better, &worse);
        assert_eq!(verdicts(&found), [(Verdict::Worse, Some("orders"))]);
        let found = changes(&worse, &better);
        assert_eq!(verdicts(&found), [(Verdict::Better, Some("orders"))]);
    }
}

#[test]
fn an_aggregate_without_a_part_is_worse_however_its_upstream_is() {
    let of = |parts: &[&str], upstreams: &[&str]| {
        let answers: Vec<_> = upstreams.iter().map(|one| (*one, OTHERS)).collect();
        let mut outlook = route(&answers);
        for one in outlook.routes.values_mut().flatten() {
            one.parts = parts.iter().map(|part| (*part).to_owned()).collect();
        }
        outlook
    };
    let (two, one) = (of(&["a", "b"], &["x", "y"]), of(&["a"], &["x"]));
    let found = changes(&two, &one);
    assert_eq!(verdicts(&found), [(Verdict::Worse, None)]);
    assert_eq!(found[0].after, "without the part b");
    assert_eq!(verdicts(&changes(&one, &two)), [(Verdict::Better, None)]);
    // The same parts of other upstreams.
    let moved = of(&["a", "b"], &["x"]);
    assert_eq!(
        verdicts(&changes(&moved, &two)),
        [(Verdict::Worse, Some("y"))]
    );
}

#[test]
fn a_route_that_moves_is_worse_without_its_new_upstream_and_better_without_the_former() {
    let at = |upstream| route(&[(upstream, Answer::Problem(Code::UpstreamUnavailable))]);
    let found = changes(&at("orders"), &at("kitchen"));
    let expected = [
        (Verdict::Worse, Some("kitchen")),
        (Verdict::Better, Some("orders")),
    ];
    assert_eq!(verdicts(&found), expected);
}

#[test]
fn each_property_of_a_last_good_answer_is_judged_by_itself() {
    let mixed = Stale {
        longest_age: Duration::from_secs(90),
        wait: Duration::from_secs(2),
        is_warm: false,
        ..STALE
    };
    let at = |stale| route(&[("orders", Answer::Stale(stale))]);
    let found = changes(&at(STALE), &at(mixed));
    let texts = found.iter().map(|change| (&*change.before, &*change.after));
    let texts: Vec<_> = texts.collect();
    let expected = [
        (
            "last good answer after 1s at most",
            "last good answer after 2s at most",
        ),
        ("warm", "not warm"),
        ("last good answer up to 1m", "last good answer up to 1m 30s"),
    ];
    assert_eq!(texts, expected);
    assert!(
        found
            .last()
            .is_some_and(|change| change.verdict == Verdict::Better)
    );
}

#[test]
fn one_more_needed_upstream_is_worse_even_if_a_stored_answer_replaces_it() {
    let loss = |is_needed| Loss {
        state: Availability::Degraded,
        is_needed,
    };
    let found = changes(&feature(loss(false)), &feature(loss(true)));
    assert_eq!(verdicts(&found), [(Verdict::Worse, Some("orders"))]);
    assert_eq!(found[0].after, "degraded, needed");
}
