//! Builds a statement of variable length: optional conditions, or any number of rows.
//!
//! sqlx's `QueryBuilder` writes `?` for `Any`, which PostgreSQL does not understand. Both databases
//! understand `$1`.

use std::fmt::Write as _;

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::{Query, QueryAs};
use sqlx::{Any, Arguments as _, AssertSqlSafe, Encode, FromRow, Type};

/// SQL and its bound values. Only text from the code is pushed; every value from outside is bound.
#[derive(Default)]
pub struct Statement {
    sql: String,
    arguments: AnyArguments,
    /// A value that could not be bound. `build` reports it.
    fault: Option<sqlx::error::BoxDynError>,
}

impl Statement {
    #[must_use]
    pub fn new(sql: &'static str) -> Self {
        Self {
            sql: sql.to_owned(),
            ..Self::default()
        }
    }

    pub fn push(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Binds a value and writes its placeholder.
    pub fn bind<'t, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'t, Any> + Type<Any>,
    {
        if let Err(fault) = self.arguments.add(value) {
            self.fault.get_or_insert(fault);
        }
        // Writing to a String cannot fail.
        let _ = write!(self.sql, "${}", self.arguments.len());
        self
    }

    /// # Errors
    /// A value could not be bound.
    pub fn build(self) -> sqlx::Result<Query<'static, Any, AnyArguments>> {
        let (sql, arguments) = self.parts()?;
        Ok(sqlx::query_with(sql, arguments))
    }

    /// # Errors
    /// A value could not be bound.
    pub fn build_as<R>(self) -> sqlx::Result<QueryAs<'static, Any, R, AnyArguments>>
    where
        R: for<'r> FromRow<'r, AnyRow>,
    {
        let (sql, arguments) = self.parts()?;
        Ok(sqlx::query_as_with(sql, arguments))
    }

    fn parts(self) -> sqlx::Result<(AssertSqlSafe<String>, AnyArguments)> {
        match self.fault {
            Some(fault) => Err(sqlx::Error::Encode(fault)),
            None => Ok((AssertSqlSafe(self.sql), self.arguments)),
        }
    }
}
