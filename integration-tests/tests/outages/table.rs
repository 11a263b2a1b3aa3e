//! Writes the observed behaviour as a table.

use std::fmt::Write as _;

use shared_types::text::{Lang, Text};

use crate::declared::{FEATURES, Outcome, UPSTREAMS};
use crate::fault::{FAULTS, Fault};

/// One outage.
pub(crate) struct Row {
    pub(crate) upstream: &'static str,
    pub(crate) fault: Fault,
    /// In the order of the features.
    pub(crate) outcomes: Vec<Outcome>,
}

pub(crate) struct Table(Vec<Row>);

impl Table {
    pub(crate) fn of(rows: Vec<Row>) -> Self {
        assert_eq!(rows.len(), UPSTREAMS.len() * FAULTS.len());
        Self(rows)
    }

    /// The whole page, `docs/OUTAGES.md` or its French twin.
    pub(crate) fn page(&self, lang: Lang) -> String {
        let mut page = INTRO.to(lang).to_owned();
        let names: Vec<_> = FEATURES.iter().map(|feature| feature.name).collect();
        writeln!(page, "\n| {} | {} |", TITLES.to(lang), names.join(" | ")).unwrap();
        writeln!(page, "|---|---|{}", "---|".repeat(names.len())).unwrap();
        for row in &self.0 {
            let fault = row.fault.shown();
            write!(page, "| {} | {} |", row.upstream, fault.to(lang)).unwrap();
            for outcome in &row.outcomes {
                write!(page, " {} |", outcome.shown().to(lang)).unwrap();
            }
            page.push('\n');
        }
        page
    }
}

static TITLES: Text = Text::new("Service | Panne", "Service | Fault");

static INTRO: Text = Text::new(
    "# Pannes

[In English](OUTAGES.md)

Cette page dit ce qu'un client reçoit de chaque fonction pendant qu'un service est en panne. Un test
remplit chaque case. Il démarre les cinq programmes, met un service en panne de quatre façons, et
attend que `/status` le montre. Il demande ensuite chaque fonction, vérifie chaque réponse jusqu'à
ses champs, et vérifie que tout fonctionne une fois le service rétabli.
`cargo test -p integration-tests --test outages` refait tout cela, et échoue si cette page diffère.
`WRITE_DOCS=1` écrit la page.

Les pannes :

- **tué** : `kill -9`. Le service ne prend aucune connexion.
- **figé** : `kill -STOP`. Le service prend les connexions et ne répond pas.
- **lent** : le service répond après tous les délais.
- **en erreur** : le service répond 503 à chaque requête.

Les cases :

- **fonctionne** : la réponse est celle de tous les jours. Avec *dégradé*, `/status` nomme une
  partie qui en souffre ailleurs, comme une cuisine qui reçoit la commande plus tard.
- **dernière bonne** : la réponse est la dernière bonne réponse, marquée `X-Degraded: stale`, avec
  son âge.
- **partielle** : la réponse nomme les parties qui lui manquent et est marquée
  `X-Degraded: partial`.
- **refus** : la réponse est un 503 `upstream_unavailable` immédiat qui nomme le service, avec
  `Retry-After`.

La passerelle remarque une panne au bout de quelques échecs ou de quelques secondes. Avant cela, un
refus est un 502 `upstream_unreachable` ou un 504 `upstream_timeout`.
",
    "# Outages

[En français](OUTAGES.fr.md)

This page says what a guest gets of each feature while a service is down. A test fills in every
cell. It starts the five programs, takes one service away in each of four ways, and waits until
`/status` shows it. Then it asks for every feature, checks every answer down to its fields, and
checks that everything works once the service is back.
`cargo test -p integration-tests --test outages` repeats this and fails if this page differs.
`WRITE_DOCS=1` writes the page.

The faults:

- **killed**: `kill -9`. The service takes no connection.
- **frozen**: `kill -STOP`. The service takes connections and does not answer.
- **slow**: the service answers after every deadline.
- **failing**: the service answers every request with a 503.

The cells:

- **works**: the answer is the usual one. With *degraded*, `/status` names a part that suffers
  elsewhere, such as a kitchen that gets the order later.
- **last good**: the answer is the last good one, marked `X-Degraded: stale`, with its age.
- **partial**: the answer names its missing parts and is marked `X-Degraded: partial`.
- **refused**: the answer is an immediate 503 `upstream_unavailable` that names the service, with
  `Retry-After`.

The gateway notices an outage after a few failures or a few seconds. Until then, a refusal is a 502
`upstream_unreachable` or a 504 `upstream_timeout`.
",
);

impl Outcome {
    fn shown(self) -> Text {
        match self {
            Self::Works => Text::new("fonctionne", "works"),
            Self::WorksDegraded => Text::new("fonctionne, *dégradé*", "works, *degraded*"),
            Self::Stale => Text::new("dernière bonne", "last good"),
            Self::Partial => Text::new("partielle", "partial"),
            Self::Refused => Text::new("refus", "refused"),
        }
    }
}

impl Fault {
    fn shown(self) -> Text {
        match self {
            Self::Killed => Text::new("tué", "killed"),
            Self::Frozen => Text::new("figé", "frozen"),
            Self::Slow => Text::new("lent", "slow"),
            Self::Failing => Text::new("en erreur", "failing"),
        }
    }
}
