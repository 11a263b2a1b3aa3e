//! What the gateway answers itself, and what every process says of its health.

use serde::{Deserialize, Serialize};

/// `GET /`: a greeting, and where to go from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    pub message: String,
    pub menu: String,
    pub live: String,
    pub ready: String,
}

impl Default for Welcome {
    fn default() -> Self {
        Self {
            message: "Bienvenue sur l'API Gateway".to_owned(),
            menu: "/order-api/menu".to_owned(),
            live: "/live".to_owned(),
            ready: "/ready".to_owned(),
        }
    }
}

/// `GET /live` and `GET /ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthAnswer {
    pub status: Health,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Live,
    Ready,
    /// It cannot do its work yet, or is about to stop.
    NotReady,
}
