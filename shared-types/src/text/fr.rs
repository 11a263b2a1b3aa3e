//! Every sentence in French.

use chrono::{Datelike as _, NaiveDateTime, Timelike as _, Weekday};
use deserr::ValueKind;

use super::sentences::{
    Accounts, Deferred, Deliveries, Fields, Menu, Operator, Orders, Requests, ResetMail, Sentences,
    Upstreams, Wording,
};
use crate::problem::Code;
use crate::value::Price;

pub(super) static SENTENCES: Sentences = Sentences {
    problem,
    troubleshooting: include_str!("../../../docs/TROUBLESHOOTING.fr.md"),
    all_problems: "Tous les problèmes",
    fields: Fields {
        required: "champ obligatoire",
        kind,
        wrong_kind: |expected, got| format!("{expected} attendu(e), reçu : {got}"),
        out_of_range: "nombre hors limites",
        unexpected: "valeur inattendue",
        unknown_value: |known| format!("valeur inconnue ; valeurs possibles : {known}"),
        whole_number: |least, most| format!("entier entre {least} et {most}"),
        empty: "ne peut être vide",
        too_long: |most| format!("{most} caractères au plus"),
        control_characters: "caractères de contrôle interdits",
        direction: "caractères qui changent le sens d'écriture interdits",
        only_invisible: "ne peut contenir que des caractères invisibles",
        moment: "date et heure RFC 3339 attendues, comme 2026-11-22T13:10:00Z",
        uuid: "doit être un UUID",
        price: "prix en euros entre 0 et 1000000, deux décimales au plus",
        kilometres: "nombre entre 0 et 1000, de 15 chiffres au plus",
    },
    requests: Requests {
        resembles: |known| format!("paramètre inconnu ; vouliez-vous dire {known} ?"),
        too_many_values: |most| format!("{most} valeurs au plus"),
        json_expected: "Un corps JSON est attendu.",
        malformed_json: |line, column| format!("JSON malformé (ligne {line}, colonne {column})."),
        not_utf_8: "Le corps doit être en UTF-8.",
        no_coding: "Le corps ne doit pas être compressé : envoyez-le sans Content-Encoding.",
        one_key: |most| format!("une seule clé, de 1 à {most} caractères ASCII visibles"),
        entity_tags: "l'ETag d'une réponse, avec ses guillemets, ou *",
        nothing_stored: "Le service ne peut rien enregistrer en ce moment. \
                         Réessayez un peu plus tard.",
        unknown_event: "type d'événement inconnu",
        event_version: "1.0 attendu",
        event_subject: "n'est pas l'identifiant de la commande de data",
        not_an_order: |cause| format!("n'est pas une commande : {cause}"),
    },
    accounts: Accounts {
        phone: "numéro de téléphone invalide",
        email: "adresse e-mail invalide",
        password_length: |least, most| format!("entre {least} et {most} caractères"),
        current_password: "votre mot de passe actuel est nécessaire pour changer d'adresse e-mail",
        tokens_unknown: "Les connexions ne peuvent pas encore être vérifiées. Réessayez dans un instant.",
        too_many_waiting: "Trop de connexions et d'inscriptions attendent en ce moment. \
                           Réessayez dans quelques secondes.",
        too_many_of_your_network: "Trop de connexions et d'inscriptions de votre réseau \
                                   attendent déjà. Réessayez dans un instant.",
        too_many_guesses: |seconds| {
            format!(
                "Trop de mots de passe faux pour ce compte depuis votre réseau. \
                 Réessayez dans {seconds} s."
            )
        },
        deleted: "Client supprimé.",
        logged_out: "Vous êtes déconnecté.",
        logged_out_everywhere: "Vous êtes déconnecté de tous vos appareils.",
        session_ended: "La session est terminée.",
        no_such_session: "Vous n'avez aucune session avec cet identifiant.",
        password_changed: "Votre mot de passe est changé. Vos autres appareils sont déconnectés.",
        reset_requested: "Si un compte porte cette adresse, un message lui est envoyé.",
        password_reset: "Votre mot de passe est changé. Vous êtes déconnecté de tous vos \
                         appareils : connectez-vous avec le nouveau.",
        reset_mail: ResetMail {
            subject: "Un nouveau mot de passe pour votre compte",
            body: |link, minutes| {
                format!(
                    "Bonjour,\n\n\
                     Quelqu'un a demandé un nouveau mot de passe pour votre compte. Pour le \
                     choisir, ouvrez cette page d'ici {minutes} minutes :\n\n\
                     {link}\n\n\
                     Si ce n'était pas vous, ignorez ce message : votre mot de passe reste le même.\n"
                )
            },
        },
    },
    orders: Orders {
        impossible_move: |from, to| format!("Une commande {from} ne peut passer à {to}."),
        impossible_in_kitchen: |from, to| {
            format!("Une commande {from} ne peut passer à {to} en cuisine.")
        },
        only_cancelled: "accepté avec le statut ANNULEE seulement",
        too_many_open: |most| {
            format!(
                "Votre réseau a déjà {most} commandes en cours. \
                 Attendez que l'une d'elles soit livrée ou annulée."
            )
        },
        number_of_lines: |most| format!("entre 1 et {most} lignes"),
        number_of_dishes: |most| format!("entre 1 et {most} plats"),
        total_exceeded: |total, most| {
            format!(
                "La commande coûte {}, plus que les {} de X-Max-Total.",
                euros(total),
                euros(most)
            )
        },
        deferred_id_used: "X-Deferred-Id est l'identifiant d'une autre commande.",
        total_too_high: "le total dépasse le montant maximal d'une commande",
        unknown_dish: "plat inconnu",
        not_available: |dish| format!("« {dish} » n'est pas disponible"),
        closed_until: |opens| format!("Le restaurant est fermé. Il ouvre {}.", moment(opens)),
        closed_then: |opens| {
            let closed = "Le restaurant est fermé à l'heure souhaitée.";
            match opens {
                Some(opens) => format!("{closed} Il ouvre ensuite {}.", moment(opens)),
                None => closed.to_owned(),
            }
        },
        sort: "newest ou oldest",
        wish_past: "ne peut être dans le passé",
        wish_too_far: |days| format!("au plus {days} jours à l'avance"),
        time_or_day: "date et heure RFC 3339 ou date attendue, comme 2026-11-22T13:10:00Z ou 2026-11-22",
        ends_first: "doit être après from",
        unknown_cursor: "curseur inconnu : reprenez la liste au début",
        limit_needed: "nécessaire pour commencer par les plus anciennes",
    },
    menu: Menu {
        removed: "Plat retiré de la carte.",
        amount: "un prix comme 8.50, 8,50 ou 8,50 €, entre 0 et 1000000",
        yes_or_no: "oui ou non, ou true ou false",
        text_expected: "un texte est attendu",
        csv_or_json: "csv ou json",
        file_expected: "Une carte est attendue, en text/csv ou en application/json.",
        no_dish: "le fichier ne contient aucun plat",
        not_a_dish: "un plat, ou une liste de plats ou de catégories, est attendu",
        too_many_dishes: |most| format!("au plus {most} plats à la fois"),
        too_many_cells: "plus de cellules que de titres ; un texte qui contient le séparateur \
                         doit être entre guillemets",
        missing_column: |titles| {
            format!("aucune colonne ne lui correspond ; titres usuels : {titles}")
        },
        stands_twice: |first| format!("le même plat figure déjà ici : {first}"),
        further_faults: |count| format!("et {count} autres fautes"),
    },
    deliveries: Deliveries {
        unknown_courier: "aucun livreur ne porte cet identifiant",
        courier_removed: "Livreur supprimé.",
        impossible_move: |from, to| format!("Une livraison {from} ne peut passer à {to}."),
        finished: |status| format!("Une livraison {status} ne change plus de livreur."),
        picked_up: |status| {
            format!("Une livraison {status} ne peut être reprise que par un autre livreur.")
        },
        order_ended: "La commande est terminée : elle n'aura plus de livraison.",
    },
    deferred: Deferred {
        pending: "Votre demande est conservée, et sera transmise dès le retour du service. Elle n'est \
                  pas encore confirmée : d'ici là, un plat peut être épuisé ou un prix changer.",
        accepted: "Votre demande a été transmise et acceptée.",
        refused: "Votre demande a été transmise et refusée.",
        withdrawn: "Vous avez retiré votre demande. Elle n'est pas transmise.",
        expired: "Votre demande n'a pas pu être transmise à temps, et n'a pas été exécutée.",
        expired_unsure: "Votre demande n'a pas été confirmée à temps, et n'est plus transmise. Elle a \
                         peut-être été exécutée : demandez au restaurant.",
        not_withdrawn: "Votre demande est transmise ou en cours de transmission : elle ne peut plus \
                        être retirée.",
        queue_full: "Trop de demandes attendent déjà. Réessayez dans quelques secondes.",
        too_many: |most| {
            format!(
                "{most} de vos demandes attendent déjà. Réessayez quand elles seront transmises."
            )
        },
    },
    upstreams: Upstreams {
        unnamed: |name| format!("Le service « {name} »"),
        unconfirmed: |service| {
            format!(
                "{service} n'a pas confirmé la demande, qui a peut-être abouti. \
                 Vérifiez avant de la renouveler."
            )
        },
        unreachable: |service| {
            format!("{service} est injoignable. Réessayez dans quelques secondes.")
        },
        invalid_response: |service| {
            format!("{service} a donné une réponse invalide. Réessayez dans quelques secondes.")
        },
        too_slow: |service| {
            format!("{service} n'a pas répondu à temps. Réessayez dans quelques secondes.")
        },
        route_unavailable: |service| {
            format!(
                "{service} ne peut pas traiter cette demande pour le moment. Réessayez plus tard."
            )
        },
        unavailable: |service| {
            format!("{service} ne répond pas. Réessayez dans quelques secondes.")
        },
        overloaded: |service| {
            format!("{service} a trop de demandes en cours. Réessayez dans quelques secondes.")
        },
    },
    operator: Operator {
        foreign_name: "Ce port n'est pas connu sous ce nom. GATEWAY_ADMIN_HOSTS peut l'ajouter.",
        foreign_page: "Une page d'un autre site ne peut rien changer ici.",
        empty_body: "Le corps doit être vide : la configuration est relue dans son fichier.",
        nothing_to_drill: "Aucun service ni aucune route à mettre en panne ne porte ce nom.",
        traces_off: "Les traces ne sont gardées ici que si GATEWAY_TRACES vaut on.",
        no_trace: "Aucune trace gardée ne porte cet identifiant. Les spans arrivent quelques secondes après la requête, et les anciennes traces disparaissent.",
        protobuf_only: "Les spans ne sont pris qu'en protobuf (Content-Type: application/x-protobuf), tels quels ou en gzip.",
        no_spans: "Le corps n'est pas un export de spans (OTLP).",
        nothing_to_close: "Aucun service ni aucune fonctionnalité ne porte ce nom.",
        no_route_to_close: "Aucune requête de cette fonctionnalité ne part vers un service : il n'y a rien à fermer.",
        closed_by_the_file: "Le fichier de configuration déclare cette fermeture : changez-la dans le fichier, puis rechargez-le.",
        closure_end: |days| {
            format!("doit venir après from, {days} jours plus tard au plus, et ne pas être passé")
        },
        closure_reason: |most| {
            format!("un texte, ou un par langue, de 1 à {most} caractères visibles est attendu")
        },
        rate: "doit être plus grand que 0 et au plus 1",
        duration: |longest| format!("une durée comme 30s est attendue, {longest} au plus"),
        token_needed: "Ce port demande le jeton de l'exploitant : Authorization: Bearer, ou /login dans un navigateur.",
        too_many_tokens: "Trop de jetons faux viennent de votre adresse. Attendez un instant.",
        log_in: "Connexion",
        log_in_why: "Voici la console du restaurant. Elle demande le jeton de l'exploitant.",
        token: "Jeton (GATEWAY_ADMIN_TOKEN)",
        wrong_token: "Ce n'est pas le jeton.",
        logged_in: "Vous êtes connecté.",
        to_console: "Aller à la console",
        log_out: "Se déconnecter",
    },
};

/// `12,50 €`.
fn euros(price: Price) -> String {
    let cents = price.cents();
    format!("{},{:02} €", cents / 100, cents % 100)
}

/// `mardi 1er décembre à 12 h 00`.
fn moment(time: NaiveDateTime) -> String {
    let weekday = match time.weekday() {
        Weekday::Mon => "lundi",
        Weekday::Tue => "mardi",
        Weekday::Wed => "mercredi",
        Weekday::Thu => "jeudi",
        Weekday::Fri => "vendredi",
        Weekday::Sat => "samedi",
        Weekday::Sun => "dimanche",
    };
    let month = match time.month() {
        1 => "janvier",
        2 => "février",
        3 => "mars",
        4 => "avril",
        5 => "mai",
        6 => "juin",
        7 => "juillet",
        8 => "août",
        9 => "septembre",
        10 => "octobre",
        11 => "novembre",
        _ => "décembre",
    };
    let (day, hour, minute) = (time.day(), time.hour(), time.minute());
    let day = match day {
        1 => "1er".to_owned(),
        day => day.to_string(),
    };
    format!("{weekday} {day} {month} à {hour} h {minute:02}")
}

fn kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "booléen",
        ValueKind::Integer => "nombre entier positif",
        ValueKind::NegativeInteger => "nombre négatif",
        ValueKind::Float => "nombre",
        ValueKind::String => "texte",
        ValueKind::Sequence => "liste",
        ValueKind::Map => "objet",
    }
}

fn problem(code: Code) -> Wording {
    match code {
        // The gateway's own.
        Code::RouteNotFound => Wording {
            title: "Route inconnue",
            detail: "Cette adresse n'existe pas.",
        },
        Code::MethodNotAllowed => Wording {
            title: "Méthode non permise",
            detail: "Cette adresse n'accepte pas cette méthode.",
        },
        Code::RequestTimeout => Wording {
            title: "Requête trop lente",
            detail: "La requête n'est pas arrivée en entier à temps.",
        },
        Code::ExpectationFailed => Wording {
            title: "Attente non satisfaite",
            detail: "L'attente annoncée par Expect n'est pas prise en charge.",
        },
        Code::RateLimited => Wording {
            title: "Trop de requêtes",
            detail: "Trop de requêtes viennent de votre réseau. Réessayez dans quelques instants.",
        },
        Code::UpgradeNotSupported => Wording {
            title: "Changement de protocole impossible",
            detail: "Ce serveur n'ouvre pas de WebSocket.",
        },
        Code::HttpVersionNotSupported => Wording {
            title: "Version de HTTP non prise en charge",
            detail: "Ce serveur ne parle pas cette version de HTTP.",
        },
        Code::UpstreamUnreachable => Wording {
            title: "Service injoignable",
            detail: "Le service demandé est injoignable. Réessayez dans quelques secondes.",
        },
        Code::UpstreamInvalidResponse => Wording {
            title: "Réponse invalide d'un service",
            detail: "Le service demandé a donné une réponse invalide.",
        },
        Code::UpstreamUnavailable => Wording {
            title: "Service momentanément indisponible",
            detail: "Le service demandé ne répond pas. Réessayez dans quelques secondes.",
        },
        Code::UpstreamOverloaded => Wording {
            title: "Service surchargé",
            detail: "Le service demandé a trop de demandes en cours. Réessayez dans quelques \
             secondes.",
        },
        Code::UpstreamTimeout => Wording {
            title: "Service trop lent",
            detail: "Le service demandé n'a pas répondu à temps. Réessayez dans quelques secondes.",
        },
        Code::NotStored => Wording {
            title: "Aucune réponse en mémoire",
            detail: "La requête demande une réponse gardée en mémoire (only-if-cached), et il n'y \
             en a pas.",
        },
        Code::Closed => Wording {
            title: "Fermé pour le moment",
            detail: "C'est fermé pour un temps. Retry-After dit jusqu'à quand.",
        },
        Code::DrillsOff => Wording {
            title: "Pannes simulées désactivées",
            detail: "Les pannes simulées ne sont permises que si GATEWAY_DRILLS vaut on.",
        },
        Code::ClosureConflict => Wording {
            title: "Fermeture en conflit",
            detail: "Une fermeture couvre ce moment. Terminez-la, ou choisissez un autre moment.",
        },
        Code::ConfigInvalid => Wording {
            title: "Configuration invalide",
            detail: "Le fichier de configuration est invalide. La configuration en service reste \
             la même.",
        },
        Code::LoopDetected => Wording {
            title: "Boucle détectée",
            detail: "La requête revient sans cesse à son point de départ : aucun service ne peut \
             y répondre.",
        },
        // Faults of any request.
        Code::BadRequest => Wording {
            title: "Requête malformée",
            detail: "La requête n'a pas pu être lue.",
        },
        Code::NotFound => Wording {
            title: "Introuvable",
            detail: "Rien ne porte cet identifiant.",
        },
        Code::PayloadTooLarge => Wording {
            title: "Corps trop volumineux",
            detail: "Le corps de la requête dépasse la limite.",
        },
        Code::UriTooLong => Wording {
            title: "Adresse trop longue",
            detail: "L'adresse de la requête dépasse la limite.",
        },
        Code::HeadersTooLarge => Wording {
            title: "En-têtes trop volumineux",
            detail: "Les en-têtes de la requête dépassent la limite.",
        },
        Code::UnsupportedMediaType => Wording {
            title: "Type de contenu non pris en charge",
            detail: "Le corps doit être du JSON, annoncé par Content-Type: application/json.",
        },
        Code::ValidationFailed => Wording {
            title: "Données invalides",
            detail: "La requête contient des données invalides.",
        },
        Code::PreconditionFailed => Wording {
            title: "Modifié entre-temps",
            detail: "La ressource a changé depuis votre lecture. Relisez-la, puis modifiez-la.",
        },
        Code::IdempotencyKeyReused => Wording {
            title: "Clé d'idempotence déjà employée",
            detail: "Cette clé d'idempotence accompagnait une autre requête.",
        },
        Code::InternalError => Wording {
            title: "Erreur interne",
            detail: "Une erreur interne est survenue. Réessayez plus tard.",
        },
        Code::ServiceUnavailable => Wording {
            title: "Service momentanément indisponible",
            detail: "Le service ne peut traiter la requête pour l'instant. Réessayez dans \
             quelques secondes.",
        },
        // Accounts.
        Code::InvalidCredentials => Wording {
            title: "Identifiants incorrects",
            detail: "E-mail ou mot de passe incorrect.",
        },
        Code::Unauthorized => Wording {
            title: "Authentification requise",
            detail: "Un jeton valide est nécessaire : connectez-vous.",
        },
        Code::SessionExpired => Wording {
            title: "Session terminée",
            detail: "Votre session est terminée : reconnectez-vous.",
        },
        Code::Forbidden => Wording {
            title: "Accès refusé",
            detail: "Votre rôle ne permet pas cette action.",
        },
        Code::WrongPassword => Wording {
            title: "Mot de passe incorrect",
            detail: "Le mot de passe actuel est incorrect.",
        },
        Code::ResetTokenInvalid => Wording {
            title: "Lien invalide",
            detail: "Ce lien n'est plus valide : il a expiré, ou il a été utilisé ou remplacé. \
                     Demandez-en un autre.",
        },
        Code::PasswordResetOff => Wording {
            title: "Pas de nouveau mot de passe par e-mail",
            detail: "Ce serveur n'envoie pas d'e-mail. Demandez de l'aide au restaurant.",
        },
        Code::ErasureOff => Wording {
            title: "Pas d'effacement des données",
            detail: "Ce serveur ne peut pas effacer les commandes d'un client. Demandez de l'aide au restaurant.",
        },
        Code::ClientNotFound => Wording {
            title: "Client introuvable",
            detail: "Aucun client ne porte cet identifiant.",
        },
        Code::EmailTaken => Wording {
            title: "E-mail déjà utilisé",
            detail: "Cette adresse e-mail est déjà utilisée.",
        },
        Code::PhoneTaken => Wording {
            title: "Téléphone déjà utilisé",
            detail: "Ce numéro de téléphone est déjà utilisé.",
        },
        // Orders, kitchen, delivery.
        Code::OrderNotFound => Wording {
            title: "Commande introuvable",
            detail: "Aucune commande ne porte cet identifiant.",
        },
        Code::DishNotFound => Wording {
            title: "Plat introuvable",
            detail: "Aucun plat ne porte cet identifiant.",
        },
        Code::CourierNotFound => Wording {
            title: "Livreur introuvable",
            detail: "Aucun livreur ne porte cet identifiant.",
        },
        Code::DeliveryNotFound => Wording {
            title: "Livraison introuvable",
            detail: "Aucune livraison ne porte cet identifiant.",
        },
        Code::ImpossibleTransition => Wording {
            title: "Changement de statut impossible",
            detail: "Ce changement de statut n'est pas possible.",
        },
        Code::RestaurantClosed => Wording {
            title: "Restaurant fermé",
            detail: "Le restaurant est fermé.",
        },
        Code::TotalExceeded => Wording {
            title: "Total au-dessus de la limite",
            detail: "La commande coûte plus que la limite de la requête.",
        },
        Code::DeliveryTaken => Wording {
            title: "Livraison déjà prise",
            detail: "Un autre livreur a déjà pris cette livraison.",
        },
        Code::DeliveryExists => Wording {
            title: "Livraison déjà créée",
            detail: "Cette commande a déjà une livraison.",
        },
        Code::QuotaReached => Wording {
            title: "Quota atteint",
            detail: "Votre réseau a déjà tout ce qu'il peut avoir en cours ici. Terminez-en une \
             partie d'abord.",
        },
        Code::StorageFull => Wording {
            title: "Capacité atteinte",
            detail: "Ce service simulé ne peut garder davantage d'éléments.",
        },
    }
}
