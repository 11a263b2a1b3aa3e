//! Importing and exporting the menu.

use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use service_kit::failure::Failure;
use service_kit::input::{Parameters, Query, Upload};
use shared_types::field::{FieldErrors, FromText, Optional};
use shared_types::menu::{ImportReport, ImportResult, ImportedDish};
use shared_types::problem::Code;
use shared_types::text::Text;

use crate::menu::export;
use crate::menu::import::{self, Format, MAX_BYTES, Planned, Unreadable};
use crate::store::Store;

#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors, rename_all = camelCase)]
pub(in crate::routes) struct ImportOptions {
    /// Only the report, without a change.
    #[deserr(default)]
    dry_run: Optional<Switch>,
}

#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors)]
pub(in crate::routes) struct ExportOptions {
    #[deserr(default)]
    format: Optional<Format>,
}

/// A parameter that is `true` or `false`.
#[derive(Clone, Copy, Debug)]
struct Switch(bool);

impl Parameters for ImportOptions {
    const SINGLE: &'static [&'static str] = &["dryRun"];
}

pub(in crate::routes) async fn import(
    store: web::Data<Store>,
    Query(options): Query<ImportOptions>,
    file: Upload<MAX_BYTES>,
) -> Result<HttpResponse, Failure> {
    let expected = || Text::fixed(|say| say.menu.file_expected);
    if file.bytes.is_empty() {
        return Err(Failure::new(Code::BadRequest).with_detail(expected()));
    }
    let unsupported = || Failure::new(Code::UnsupportedMediaType).with_detail(expected());
    let format = announced(&file.media_type).ok_or_else(unsupported)?;
    let menu = import::read(format, &file.bytes, file.charset.as_deref())?;
    let dry_run = options.dry_run.as_ref().is_some_and(|Switch(on)| *on);
    let planned = if dry_run {
        store.rehearse_import(menu.entries).await?
    } else {
        store.import(menu.entries).await?
    };
    let count = |result| planned.iter().filter(|one| one.result == result).count();
    let report = ImportReport {
        created: count(ImportResult::Created),
        updated: count(ImportResult::Updated),
        unchanged: count(ImportResult::Unchanged),
        dry_run,
        encoding: menu.encoding.to_owned(),
        ignored: menu.ignored,
        dishes: planned.into_iter().map(|one| line(one, dry_run)).collect(),
    };
    Ok(HttpResponse::Ok().json(report))
}

fn line(planned: Planned, dry_run: bool) -> ImportedDish {
    let is_there = !dry_run || planned.result != ImportResult::Created;
    ImportedDish {
        place: planned.source,
        id: is_there.then_some(planned.dish.id),
        name: planned.dish.name,
        category: planned.dish.category,
        result: planned.result,
    }
}

fn announced(media_type: &str) -> Option<Format> {
    match media_type {
        "text/csv" | "text/tab-separated-values" => Some(Format::Csv),
        "application/json" => Some(Format::Json),
        _ => None,
    }
}

impl Parameters for ExportOptions {
    const SINGLE: &'static [&'static str] = &["format"];
}

pub(in crate::routes) async fn export(
    store: web::Data<Store>,
    Query(options): Query<ExportOptions>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let asked = options.format.as_ref().copied();
    let format = asked.unwrap_or_else(|| preferred(&request));
    let menu = store.menu(None).await?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((VARY, ACCEPT.as_str()));
    Ok(match format {
        Format::Json => answer
            .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"carte.json\""))
            .json(menu),
        Format::Csv => answer
            .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"carte.csv\""))
            .content_type("text/csv; charset=utf-8; header=present")
            .body(export::csv(&menu).map_err(Failure::internal)?),
    })
}

/// JSON, unless `Accept` prefers CSV (RFC 9110 §12.5.1).
fn preferred(request: &HttpRequest) -> Format {
    let mut csv = 0.0;
    let mut json = 0.0;
    let accepted = request.headers().get_all(ACCEPT);
    let accepted = accepted.filter_map(|value| value.to_str().ok());
    for range in accepted.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
        let quality: f32 = quality.unwrap_or(1.0);
        match media_type.as_str() {
            "text/csv" => csv = quality,
            "application/json" => json = quality,
            _ => {}
        }
    }
    if csv > json {
        Format::Csv
    } else {
        Format::Json
    }
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Faulty(fields) => Self::invalid(fields),
            Unreadable::Json(line, column) => {
                Self::new(Code::BadRequest).with_detail(Text::formatted(|say| {
                    (say.requests.malformed_json)(line, column)
                }))
            }
        }
    }
}

impl FromText for Format {
    fn from_text(text: &str) -> Result<Self, Text> {
        match text {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ => Err(Text::fixed(|say| say.menu.csv_or_json)),
        }
    }
}

impl FromText for Switch {
    fn from_text(text: &str) -> Result<Self, Text> {
        match text {
            "true" | "1" => Ok(Self(true)),
            "false" | "0" => Ok(Self(false)),
            _ => Err(Text::fixed(|say| say.menu.yes_or_no)),
        }
    }
}

impl Deserr<FieldErrors> for Format {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        crate::page::parameter(value, location)
    }
}

impl Deserr<FieldErrors> for Switch {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        crate::page::parameter(value, location)
    }
}
