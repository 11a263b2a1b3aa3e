//! The one table of errors: code, status, title and sentence, for the gateway and every service.

use crate::text::Text;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $status:literal $code:literal {
        fr: $title_fr:literal, $detail_fr:literal;
        en: $title_en:literal, $detail_en:literal;
    })+) => {
        /// The kind of error, for programs: stable across languages and releases.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status of the answer.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            #[must_use]
            pub const fn title(self) -> Text {
                match self { $(Self::$variant => Text::new($title_fr, $title_en),)+ }
            }

            /// The sentence that is used unless a more precise one is known.
            #[must_use]
            pub const fn detail(self) -> Text {
                match self { $(Self::$variant => Text::new($detail_fr, $detail_en),)+ }
            }
        }
    };
}

codes! {
    // The gateway's own.
    RouteNotFound = 404 "route_not_found" {
        fr: "Route inconnue", "Cette adresse n'existe pas.";
        en: "Unknown route", "There is nothing at this address.";
    }
    MethodNotAllowed = 405 "method_not_allowed" {
        fr: "Méthode non permise", "Cette adresse n'accepte pas cette méthode.";
        en: "Method not allowed", "This address does not take this method.";
    }
    RequestTimeout = 408 "request_timeout" {
        fr: "Requête trop lente", "La requête n'est pas arrivée en entier à temps.";
        en: "Request too slow", "The request did not arrive in full in time.";
    }
    ExpectationFailed = 417 "expectation_failed" {
        fr: "Attente non satisfaite", "L'attente annoncée par Expect n'est pas prise en charge.";
        en: "Expectation failed", "What Expect asks for is not supported.";
    }
    RateLimited = 429 "rate_limited" {
        fr: "Trop de requêtes", "Trop de requêtes viennent de votre réseau. Réessayez dans quelques instants.";
        en: "Too many requests", "Too many requests come from your network. Try again in a moment.";
    }
    UpgradeNotSupported = 501 "upgrade_not_supported" {
        fr: "Changement de protocole impossible", "Ce serveur n'ouvre pas de WebSocket.";
        en: "Upgrade not supported", "This server opens no WebSocket.";
    }
    HttpVersionNotSupported = 505 "http_version_not_supported" {
        fr: "Version de HTTP non prise en charge", "Ce serveur ne parle pas cette version de HTTP.";
        en: "HTTP version not supported", "This server does not speak this version of HTTP.";
    }
    UpstreamUnreachable = 502 "upstream_unreachable" {
        fr: "Service injoignable", "Le service demandé est injoignable. Réessayez dans quelques secondes.";
        en: "Service unreachable", "The service cannot be reached. Try again in a few seconds.";
    }
    UpstreamInvalidResponse = 502 "upstream_invalid_response" {
        fr: "Réponse invalide d'un service", "Le service demandé a donné une réponse invalide.";
        en: "Invalid answer from a service", "The service gave an invalid answer.";
    }
    UpstreamUnavailable = 503 "upstream_unavailable" {
        fr: "Service momentanément indisponible", "Le service demandé ne répond pas. Réessayez dans quelques secondes.";
        en: "Service temporarily unavailable", "The service does not answer. Try again in a few seconds.";
    }
    UpstreamOverloaded = 503 "upstream_overloaded" {
        fr: "Service surchargé", "Le service demandé a trop de demandes en cours. Réessayez dans quelques secondes.";
        en: "Service overloaded", "The service has too many requests under way. Try again in a few seconds.";
    }
    UpstreamTimeout = 504 "upstream_timeout" {
        fr: "Service trop lent", "Le service demandé n'a pas répondu à temps. Réessayez dans quelques secondes.";
        en: "Service too slow", "The service did not answer in time. Try again in a few seconds.";
    }
    NotStored = 504 "not_stored" {
        fr: "Aucune réponse en mémoire", "La requête demande une réponse gardée en mémoire (only-if-cached), et il n'y en a pas.";
        en: "No stored answer", "The request asks for a stored answer (only-if-cached), and there is none.";
    }
    DrillsOff = 403 "drills_off" {
        fr: "Pannes simulées désactivées", "Les pannes simulées ne sont permises que si GATEWAY_DRILLS vaut on.";
        en: "Drills are off", "Failure drills are only allowed where GATEWAY_DRILLS is on.";
    }
    ConfigInvalid = 422 "config_invalid" {
        fr: "Configuration invalide", "Le fichier de configuration est invalide. La configuration en service reste la même.";
        en: "Invalid configuration", "The configuration file is invalid. The running configuration stays as it is.";
    }
    LoopDetected = 508 "loop_detected" {
        fr: "Boucle détectée", "La requête revient sans cesse à son point de départ : aucun service ne peut y répondre.";
        en: "Loop detected", "The request keeps coming back to where it started: no service can answer it.";
    }

    // Faults of any request.
    BadRequest = 400 "bad_request" {
        fr: "Requête malformée", "La requête n'a pas pu être lue.";
        en: "Malformed request", "The request could not be read.";
    }
    NotFound = 404 "not_found" {
        fr: "Introuvable", "Rien ne porte cet identifiant.";
        en: "Not found", "Nothing has this id.";
    }
    PayloadTooLarge = 413 "payload_too_large" {
        fr: "Corps trop volumineux", "Le corps de la requête dépasse la limite.";
        en: "Body too large", "The body of the request is over the limit.";
    }
    UriTooLong = 414 "uri_too_long" {
        fr: "Adresse trop longue", "L'adresse de la requête dépasse la limite.";
        en: "URI too long", "The address of the request is over the limit.";
    }
    HeadersTooLarge = 431 "headers_too_large" {
        fr: "En-têtes trop volumineux", "Les en-têtes de la requête dépassent la limite.";
        en: "Header fields too large", "The header fields of the request are over the limit.";
    }
    UnsupportedMediaType = 415 "unsupported_media_type" {
        fr: "Type de contenu non pris en charge", "Le corps doit être du JSON, annoncé par Content-Type: application/json.";
        en: "Unsupported media type", "The body must be JSON, announced by Content-Type: application/json.";
    }
    ValidationFailed = 400 "validation_failed" {
        fr: "Données invalides", "La requête contient des données invalides.";
        en: "Invalid data", "The request contains invalid data.";
    }
    IdempotencyKeyReused = 422 "idempotency_key_reused" {
        fr: "Clé d'idempotence déjà employée", "Cette clé d'idempotence accompagnait une autre requête.";
        en: "Idempotency key reused", "This idempotency key came with another request before.";
    }
    InternalError = 500 "internal_error" {
        fr: "Erreur interne", "Une erreur interne est survenue. Réessayez plus tard.";
        en: "Internal error", "An internal error occurred. Try again later.";
    }
    ServiceUnavailable = 503 "service_unavailable" {
        fr: "Service momentanément indisponible", "Le service ne peut traiter la requête pour l'instant. Réessayez dans quelques secondes.";
        en: "Service temporarily unavailable", "The service cannot handle the request right now. Try again in a few seconds.";
    }

    // Accounts.
    InvalidCredentials = 401 "invalid_credentials" {
        fr: "Identifiants incorrects", "E-mail ou mot de passe incorrect.";
        en: "Wrong credentials", "Wrong e-mail or password.";
    }
    Unauthorized = 401 "unauthorized" {
        fr: "Authentification requise", "Un jeton valide est nécessaire : connectez-vous.";
        en: "Authentication required", "A valid token is needed: log in.";
    }
    Forbidden = 403 "forbidden" {
        fr: "Accès refusé", "Votre rôle ne permet pas cette action.";
        en: "Access denied", "Your role does not allow this.";
    }
    ClientNotFound = 404 "client_not_found" {
        fr: "Client introuvable", "Aucun client ne porte cet identifiant.";
        en: "Client not found", "No client has this id.";
    }
    EmailTaken = 409 "email_taken" {
        fr: "E-mail déjà utilisé", "Cette adresse e-mail est déjà utilisée.";
        en: "E-mail taken", "This e-mail address is already in use.";
    }
    PhoneTaken = 409 "phone_taken" {
        fr: "Téléphone déjà utilisé", "Ce numéro de téléphone est déjà utilisé.";
        en: "Telephone taken", "This telephone number is already in use.";
    }

    // Orders, kitchen, delivery.
    OrderNotFound = 404 "order_not_found" {
        fr: "Commande introuvable", "Aucune commande ne porte cet identifiant.";
        en: "Order not found", "No order has this id.";
    }
    CourierNotFound = 404 "courier_not_found" {
        fr: "Livreur introuvable", "Aucun livreur ne porte cet identifiant.";
        en: "Courier not found", "No courier has this id.";
    }
    DeliveryNotFound = 404 "delivery_not_found" {
        fr: "Livraison introuvable", "Aucune livraison ne porte cet identifiant.";
        en: "Delivery not found", "No delivery has this id.";
    }
    ImpossibleTransition = 409 "impossible_transition" {
        fr: "Changement de statut impossible", "Ce changement de statut n'est pas possible.";
        en: "Impossible status change", "This status change is not possible.";
    }
    DeliveryTaken = 409 "delivery_taken" {
        fr: "Livraison déjà prise", "Un autre livreur a déjà pris cette livraison.";
        en: "Delivery taken", "Another courier has already taken this delivery.";
    }
    DeliveryExists = 400 "delivery_exists" {
        fr: "Livraison déjà créée", "Cette commande a déjà une livraison.";
        en: "Delivery exists", "This order already has a delivery.";
    }
    QuotaReached = 429 "quota_reached" {
        fr: "Quota atteint", "Votre réseau a déjà tout ce qu'il peut avoir en cours ici. Terminez-en une partie d'abord.";
        en: "Quota reached", "Your network already has as many open items here as it may. Finish some of them first.";
    }
    StorageFull = 507 "storage_full" {
        fr: "Capacité atteinte", "Ce service simulé ne peut garder davantage d'éléments.";
        en: "Storage full", "This simulated service cannot keep any more items.";
    }
}

impl Code {
    /// The problem's `type`: a relative URI of the page about it.
    #[must_use]
    pub fn type_uri(self) -> String {
        format!("/problems/{}", self.page())
    }

    /// The last segment of that URI.
    #[must_use]
    pub fn page(self) -> String {
        self.as_str().replace('_', "-")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Code;
    use crate::text::Lang;

    #[test]
    fn every_code_is_spelled_once_and_has_an_error_status() {
        let spelled: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(spelled.len(), Code::ALL.len());
        assert!(
            Code::ALL
                .iter()
                .all(|code| (400..600).contains(&code.status()))
        );
    }

    #[test]
    fn every_code_speaks_both_languages() {
        for code in Code::ALL {
            for text in [code.title(), code.detail()] {
                assert_ne!(text.to(Lang::Fr), text.to(Lang::En), "{code:?}");
            }
        }
    }
}
