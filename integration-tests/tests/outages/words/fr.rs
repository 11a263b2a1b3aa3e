//! The page in French.

use super::Words;

pub(super) const WORDS: Words = Words {
    file: "OUTAGES.fr.md",
    titles: "Service | Panne",
    works: "fonctionne",
    works_degraded: "fonctionne, *dégradé*",
    stale: "dernière bonne",
    partial: "partielle",
    kept: "gardée",
    refused: "refus",
    killed: "tué",
    frozen: "figé",
    slow: "lent",
    failing: "en erreur",
    intro: "# Pannes

[In English](OUTAGES.md)

Cette page dit ce qu'un client reçoit de chaque fonction pendant qu'un service est en panne. Un test
remplit chaque case. Il démarre les six programmes, met un service en panne de quatre façons, et
attend que `/status` le montre. Il demande ensuite chaque fonction, vérifie chaque réponse jusqu'à
ses champs, et vérifie que tout fonctionne une fois le service rétabli, et que chaque commande
gardée a été passée.
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
- **gardée** : la réponse est un 202, marqué `X-Degraded: deferred`. La commande est notée, et passée
  une fois le service rétabli. `GET /differe/{id}` dit ce qu'elle est devenue.
- **refus** : la réponse est un 503 `upstream_unavailable` immédiat qui nomme le service, avec
  `Retry-After`.

La passerelle remarque une panne au bout de quelques échecs ou de quelques secondes. Avant cela, un
refus est un 502 `upstream_unreachable` ou un 504 `upstream_timeout`.
",
};
