//! The configuration of the client service.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use service_kit::access::Access;
use service_kit::database::DatabaseUrl;
use service_kit::env::{ConfigError, Env};
use service_kit::peer::{PeerSecret, PeerUrl};

use crate::reset::{Mail, ResetLink};
use crate::telephone::Region;
use crate::token::Secret;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A token counts its life in whole seconds; nobody stays logged in for more than a year.
const TTL_BOUNDS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(365 * 24 * 60 * 60);

#[derive(Clone, Debug)]
pub struct Config {
    /// `CLIENT_SERVICE_BIND`: the address to listen on; `127.0.0.1:8001` by default.
    pub bind: SocketAddr,
    /// `DATABASE_URL`: the database of accounts and sessions, `postgres://…` or the file
    /// `sqlite://PATH`, which is created with its folder; `sqlite://data/clients.db` by default.
    pub database_url: DatabaseUrl,
    /// `JWT_SECRET`: the key that signs the tokens, at least 32 bytes. Without it, one is made and
    /// stored in a file `jwt-secret` beside the database file. Required with PostgreSQL: every
    /// replica needs the same.
    pub jwt_secret: Option<Secret>,
    /// `JWT_PREVIOUS_SECRET`: the secret before a rotation, whose tokens are accepted until they
    /// expire; none by default.
    pub jwt_previous_secret: Option<Secret>,
    /// `JWT_TTL`: how long a session lasts, between `1s` and `365d`; `24h` by default.
    pub jwt_ttl: Duration,
    /// `CLIENT_ACCESS`: `open` or `strict`; by default what `ACCESS` says for all services, and
    /// `open` if that is not set either.
    pub access: Access,
    /// `PEER_SECRET`: the password of the other services, at least 32 bytes. Without it, they are
    /// not told which sessions have ended. Needed with `ACCESS=strict`.
    pub peer_secret: Option<PeerSecret>,
    /// `ORDERS_URL`: the order service, which makes the orders of an erased client anonymous; none by
    /// default, and then no client can be erased.
    pub orders_url: Option<PeerUrl>,
    /// `PHONE_REGION`: the country of a telephone number that is written without its country code,
    /// as two letters (ISO 3166-1); `FR` by default.
    pub phone_region: Region,
    /// `SMTP_URL`: the mail server, `smtp://USER:PASSWORD@HOST:PORT?tls=required` or `smtps://…`;
    /// without it, no mail is sent. `SMTP_FROM`: the sender, needed with it. `DEV_OUTBOX`: `on` shows
    /// the mails at `/dev/outbox` instead; `off` by default.
    pub mail: Mail,
    /// `RESET_LINK`: the frontend's page for a new password, with `{token}` in its URL. Needed with
    /// `SMTP_URL`.
    pub reset_link: ResetLink,
    /// `SEED_DEMO`: whether missing demo accounts are created; `true` by default.
    pub seed_demo: bool,
}

impl Config {
    /// # Errors
    /// A variable is set to an invalid value.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 8001));
        let database_url = DatabaseUrl::File("data/clients.db".into());
        let jwt_ttl = env.duration_or("JWT_TTL", DAY)?;
        if !TTL_BOUNDS.contains(&jwt_ttl) {
            return Err(ConfigError::new("JWT_TTL", "expected between 1s and 365d"));
        }
        let database_url = env.parse_or("DATABASE_URL", database_url)?;
        let jwt_secret = env.parse("JWT_SECRET")?;
        if jwt_secret.is_none() && matches!(database_url, DatabaseUrl::Postgres(_)) {
            return Err(ConfigError::new("JWT_SECRET", "needed with PostgreSQL"));
        }
        let access = env.parse_or("ACCESS", Access::default())?;
        let peer_secret = env.parse("PEER_SECRET")?;
        if access == Access::Strict && peer_secret.is_none() {
            return Err(ConfigError::new("PEER_SECRET", "needed with ACCESS=strict"));
        }
        let mail = Mail::from_env(env)?;
        let reset_link = match (env.parse("RESET_LINK")?, &mail) {
            (Some(link), _) => link,
            (None, Mail::Smtp(_)) => {
                return Err(ConfigError::new("RESET_LINK", "needed with SMTP_URL"));
            }
            (None, Mail::Off | Mail::DevOutbox) => ResetLink::of_development(),
        };
        let own_access = env.parse_or("CLIENT_ACCESS", access)?;
        if access == Access::Strict && own_access == Access::Open {
            // Anyone could register as the ADMIN of the other services.
            let reason = "open is not possible with ACCESS=strict";
            return Err(ConfigError::new("CLIENT_ACCESS", reason));
        }
        Ok(Self {
            bind: env.parse_or("CLIENT_SERVICE_BIND", bind)?,
            database_url,
            jwt_secret,
            jwt_previous_secret: env.parse("JWT_PREVIOUS_SECRET")?,
            jwt_ttl,
            access: own_access,
            peer_secret,
            orders_url: env.parse("ORDERS_URL")?,
            phone_region: env.parse_or("PHONE_REGION", Region::FRANCE)?,
            mail,
            reset_link,
            seed_demo: env.parse_or("SEED_DEMO", true)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Config, DAY, DatabaseUrl, Mail, Region};
    use service_kit::env::Env;

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        let config = Config::from_env(&Env::of_pairs([])).unwrap();
        assert_eq!(config.bind, "127.0.0.1:8001".parse().unwrap());
        assert_eq!(
            config.database_url,
            DatabaseUrl::File("data/clients.db".into())
        );
        assert!(config.jwt_secret.is_none());
        assert!(config.orders_url.is_none());
        assert_eq!(config.jwt_ttl, DAY);
        assert_eq!(config.access, Access::Open);
        assert_eq!(config.phone_region, Region::FRANCE);
        assert!(config.seed_demo);
        assert!(matches!(config.mail, Mail::Off));
    }

    #[test]
    fn an_invalid_value_is_refused_by_name() {
        for (name, value) in [
            ("CLIENT_SERVICE_BIND", "8001"),
            ("DATABASE_URL", "mysql://u:pw@db/clients"),
            ("JWT_SECRET", "0123456789012345678901234567890"),
            ("JWT_PREVIOUS_SECRET", "short"),
            ("JWT_TTL", "999ms"),
            ("JWT_TTL", "366d"),
            ("ACCESS", "half"),
            ("PEER_SECRET", "also too short"),
            ("CLIENT_ACCESS", "closed"),
            ("ORDERS_URL", "orders:8002"),
            ("PHONE_REGION", "France"),
            ("SEED_DEMO", "yes"),
            ("DEV_OUTBOX", "true"),
            ("SMTP_URL", "mail.example.com"),
            ("SMTP_FROM", "the restaurant"),
            ("RESET_LINK", "https://x.example/reset"),
        ] {
            let error = Config::from_env(&Env::of_pairs([(name, value)])).unwrap_err();
            assert_eq!(error.name, name);
            assert!(!error.to_string().contains(value), "{error}");
        }
    }

    #[test]
    fn what_holds_for_all_services_holds_here_unless_said_otherwise() {
        let strict = ("ACCESS", "strict");
        let error = Config::from_env(&Env::of_pairs([strict])).unwrap_err();
        assert_eq!(error.name, "PEER_SECRET");
        let secret = ("PEER_SECRET", "0123456789abcdef0123456789abcdef");
        let access = |env: Env| Config::from_env(&env).unwrap().access;
        assert_eq!(access(Env::of_pairs([strict, secret])), Access::Strict);
        let open_here = Env::of_pairs([strict, secret, ("CLIENT_ACCESS", "open")]);
        let refused = Config::from_env(&open_here).unwrap_err();
        assert_eq!(refused.name, "CLIENT_ACCESS");
        let strict_here = Env::of_pairs([("CLIENT_ACCESS", "strict")]);
        assert_eq!(access(strict_here), Access::Strict);
    }

    #[test]
    fn postgresql_needs_a_secret_that_all_replicas_share() {
        let url = ("DATABASE_URL", "postgres://u:pw@db/clients");
        let error = Config::from_env(&Env::of_pairs([url])).unwrap_err();
        assert_eq!(error.name, "JWT_SECRET");
        let secret = ("JWT_SECRET", "correct-horse-battery-staple-and-more");
        assert!(Config::from_env(&Env::of_pairs([url, secret])).is_ok());
    }

    #[test]
    fn a_mail_server_needs_a_sender_and_a_page_and_excludes_the_outbox() {
        let url = (
            "SMTP_URL",
            "smtp://u:hidden@mail.example.com:587?tls=required",
        );
        let from = ("SMTP_FROM", "Le Passe-plat <bonjour@example.com>");
        let link = ("RESET_LINK", "https://x.example/{token}");
        let refused = |env: Env| Config::from_env(&env).unwrap_err().name;
        assert_eq!(refused(Env::of_pairs([url, link])), "SMTP_FROM");
        assert_eq!(refused(Env::of_pairs([url, from])), "RESET_LINK");
        let shown = ("DEV_OUTBOX", "on");
        assert_eq!(
            refused(Env::of_pairs([url, from, link, shown])),
            "DEV_OUTBOX"
        );
        let config = Config::from_env(&Env::of_pairs([url, from, link])).unwrap();
        assert!(!format!("{config:?}").contains("hidden"));
        let config = Config::from_env(&Env::of_pairs([shown])).unwrap();
        assert!(matches!(config.mail, Mail::DevOutbox));
    }

    #[test]
    fn the_secret_is_never_printed() {
        let secret = "correct-horse-battery-staple-and-more";
        let config = Config::from_env(&Env::of_pairs([("JWT_SECRET", secret)])).unwrap();
        let printed = format!("{config:?}");
        assert!(printed.contains("jwt_secret: Some(Secret(…))"), "{printed}");
    }
}
