//! A part of an aggregate as the file declares it.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::Method;
use shared_types::problem::Code;

use super::Refused;
use super::template::{Template, position};
use crate::resilience::priority::Priority;
use crate::settings::{JsonType, OtherwiseTable, PartTable, UpstreamSettings, spelling};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartSettings<U = usize> {
    pub(crate) name: String,
    pub(crate) upstream: U,
    /// The number of its circuit among those of the upstream.
    pub(crate) circuit: usize,
    pub(crate) path: Template,
    pub(crate) form: Arc<Form>,
    /// The code of the problem if the upstream has no such part. `None` if the others are then
    /// shown without it.
    pub(crate) required: Option<Code>,
    /// Where else it is looked for.
    pub(crate) otherwise: Option<Otherwise<U>>,
}

/// Another place of a part that is asked for by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Otherwise<U = usize> {
    pub(crate) upstream: U,
    /// The number of its circuit among those of the upstream.
    pub(crate) circuit: usize,
    pub(crate) path: Template,
}

/// How a part is taken from its service's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The part is the answer, of this type if one is declared.
    Whole(Option<JsonType>),
    /// The part is an object of a list.
    Found(Find),
}

/// The place of the id by which an object of a list is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Find {
    pub(crate) key: String,
    /// The index of the parameter that has the same value.
    pub(crate) parameter: usize,
}

impl PartSettings {
    /// `path` and `parameters` are those of the aggregate.
    pub(super) fn new(
        name: &str,
        table: PartTable,
        (path, parameters): (&Arc<str>, &[String]),
        upstreams: &mut [UpstreamSettings],
    ) -> Result<Self, Refused> {
        let upstream = UpstreamSettings::named(upstreams, &table.upstream);
        let (index, upstream) = upstream.map_err(|reason| Refused::new("upstream", reason))?;
        let template = Template::parse(&table.path, parameters);
        let template = template.map_err(|reason| Refused::new("path", reason))?;
        let form = match (table.find, table.kind) {
            (None, kind) => Form::Whole(kind),
            (Some(find), None) => Form::Found(Find::new(find, parameters)?),
            (Some(_), Some(_)) => {
                let reason = "not with find: what is found in a list is an object";
                return Err(Refused::new("type", reason));
            }
        };
        let required = match (table.required, table.not_found) {
            (false, None) => None,
            (false, Some(_)) => return Err(Refused::new("not_found", "only with required = true")),
            (true, None) => Some(Code::NotFound),
            (true, Some(code)) => Some(not_found(&code)?),
        };
        let part = Self {
            name: name.to_owned(),
            upstream: index,
            circuit: upstream.add_circuit(Method::GET, Arc::clone(path), Priority::Normal),
            path: template,
            form: Arc::new(form),
            required,
            otherwise: None,
        };
        let Some(table) = table.otherwise else {
            return Ok(part);
        };
        if !part.is_by_id() {
            let reason = "only for a part that is asked for by its id";
            return Err(Refused::new("otherwise", reason));
        }
        let otherwise = Otherwise::new(table, (path, parameters), upstreams);
        let refuse =
            |refused: Refused| Refused::new(format!("otherwise.{}", refused.key), refused.reason);
        Ok(Self {
            otherwise: Some(otherwise.map_err(refuse)?),
            ..part
        })
    }
}

impl Otherwise {
    /// `path` and `parameters` are those of the aggregate.
    fn new(
        table: OtherwiseTable,
        (path, parameters): (&Arc<str>, &[String]),
        upstreams: &mut [UpstreamSettings],
    ) -> Result<Self, Refused> {
        let upstream = UpstreamSettings::named(upstreams, &table.upstream);
        let (index, upstream) = upstream.map_err(|reason| Refused::new("upstream", reason))?;
        let template = Template::parse(&table.path, parameters);
        let template = template.map_err(|reason| Refused::new("path", reason))?;
        if template.is_for_all() {
            let reason = "must hold a parameter of the aggregate's path";
            return Err(Refused::new("path", reason));
        }
        Ok(Self {
            upstream: index,
            circuit: upstream.add_circuit(Method::GET, Arc::clone(path), Priority::Normal),
            path: template,
        })
    }
}

impl<U> PartSettings<U> {
    /// The same part of other upstreams.
    ///
    /// # Errors
    /// `upstream` has none for one.
    pub(super) fn with<V, E>(
        &self,
        upstream: impl Fn(&U) -> Result<V, E>,
    ) -> Result<PartSettings<V>, E> {
        let otherwise = self.otherwise.as_ref().map(|otherwise| {
            Ok(Otherwise {
                upstream: upstream(&otherwise.upstream)?,
                circuit: otherwise.circuit,
                path: otherwise.path.clone(),
            })
        });
        Ok(PartSettings {
            upstream: upstream(&self.upstream)?,
            name: self.name.clone(),
            circuit: self.circuit,
            path: self.path.clone(),
            form: Arc::clone(&self.form),
            required: self.required,
            otherwise: otherwise.transpose()?,
        })
    }

    /// Whether the service is asked for one thing by its id.
    pub(crate) fn is_by_id(&self) -> bool {
        matches!(*self.form, Form::Whole(_)) && !self.path.is_for_all()
    }
}

impl Find {
    fn new(table: BTreeMap<String, String>, parameters: &[String]) -> Result<Self, Refused> {
        let refuse = || {
            let parameter = parameters.first().map_or("id", String::as_str);
            let reason =
                format!("expected one key and a parameter: {{ id = \"{{{parameter}}}\" }}");
            Refused::new("find", reason)
        };
        let mut entries = table.into_iter();
        let (Some((key, value)), None) = (entries.next(), entries.next()) else {
            return Err(refuse());
        };
        let name = value
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        let parameter = position(name.ok_or_else(refuse)?, parameters)
            .map_err(|reason| Refused::new("find", reason))?;
        Ok(Self { key, parameter })
    }
}

/// The code of a problem that means that there is no such thing.
fn not_found(name: &str) -> Result<Code, Refused> {
    let codes = Code::ALL.iter().filter(|code| code.status() == 404);
    if let Some(code) = codes.clone().find(|code| code.as_str() == name) {
        return Ok(*code);
    }
    let names: Vec<_> = codes.map(|code| code.as_str()).collect();
    let known = spelling::known(name, &names);
    Err(Refused::new(
        "not_found",
        format!("no 404 has the code {name}{known}"),
    ))
}
