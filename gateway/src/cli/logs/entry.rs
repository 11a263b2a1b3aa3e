//! One line of a log: the object that a program wrote, and what was put before it.

use serde::Deserialize;
use serde_json::{Map, Value};
use shared_types::value::Timestamp;

/// The target of the line that each request leaves.
pub(super) const ACCESS: &str = "access";

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) time: Timestamp,
    /// The program that wrote it, or its container; `-` if nothing tells.
    pub(super) program: String,
    pub(super) level: String,
    pub(super) target: String,
    pub(super) message: String,
    pub(super) request_id: Option<String>,
    pub(super) trace_id: Option<String>,
    /// The line's other pairs.
    pub(super) pairs: Map<String, Value>,
}

#[derive(Deserialize)]
struct Written {
    time: Timestamp,
    level: String,
    target: String,
    #[serde(default)]
    message: String,
    request_id: Option<String>,
    trace_id: Option<String>,
    service: Option<String>,
    #[serde(flatten)]
    pairs: Map<String, Value>,
}

impl Entry {
    /// `None` if it is no line of these programs. `file` is the name of the file, if it has one.
    pub(super) fn of(line: &[u8], file: &str) -> Option<Self> {
        let (prefix, object) = parts(line)?;
        let written: Written = serde_json::from_slice(object).ok()?;
        let program = container(&String::from_utf8_lossy(prefix))
            .or(written.service)
            .or_else(|| of_target(&written.target))
            .or_else(|| (!file.is_empty()).then(|| file.to_owned()));
        Some(Self {
            time: written.time,
            program: program.unwrap_or_else(|| "-".to_owned()),
            level: written.level,
            target: written.target,
            message: written.message,
            request_id: written.request_id,
            trace_id: written.trace_id,
            pairs: written.pairs,
        })
    }
}

/// The ids of a line alone, which are read much faster than all of it.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) request_id: Option<String>,
    pub(super) trace_id: Option<String>,
}

impl Named {
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let (_, object) = parts(line)?;
        serde_json::from_slice(object).ok()
    }
}

/// What was put before the object, and the object.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let begin = line.iter().position(|byte| *byte == b'{')?;
    Some(line.split_at(begin))
}

/// The name in `order-service-1  | ` of Docker, or the pod in `[pod/order-service-7d4/order-service]
/// ` of Kubernetes. Either may have a time too.
fn container(prefix: &str) -> Option<String> {
    let mut words = prefix.split([' ', '\t', '|']);
    let name = words.find(|word| !word.is_empty() && !is_time(word))?;
    let name = name.trim_matches(['[', ']']);
    let pod = name
        .strip_prefix("pod/")
        .and_then(|rest| rest.split('/').next());
    Some(pod.unwrap_or(name).to_owned())
}

fn is_time(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('T')
}

/// The program whose code wrote the line. What all programs share tells nothing.
fn of_target(target: &str) -> Option<String> {
    let root = target.split("::").next().unwrap_or(target);
    match root {
        // Only the gateway's has no `service`.
        ACCESS => Some("gateway".to_owned()),
        "service_kit" | "actix_server" => None,
        root => Some(root.replace('_', "-")),
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;

    const LINE: &str = r#"{"time":"2026-11-27T20:15:57.558Z","level":"WARN","target":"gateway::answer::reply","message":"no","request_id":"r","upstream":"orders"}"#;

    fn program(prefix: &str, target: &str, file: &str) -> String {
        let line = LINE.replace("gateway::answer::reply", target);
        let line = format!("{prefix}{line}");
        Entry::of(line.as_bytes(), file).unwrap().program
    }

    #[test]
    fn the_program_is_known_by_the_container_the_code_or_the_file() {
        for (prefix, name) in [
            ("order-service-1  | ", "order-service-1"),
            (
                "order-service-1  | 2026-11-27T20:15:57.558123Z ",
                "order-service-1",
            ),
            ("2026-11-27T20:15:57.558123Z ", "gateway"),
            ("[pod/orders-7d4-x/order-service] ", "orders-7d4-x"),
            (
                "[pod/orders-7d4-x/order-service] 2026-11-27T20:15:57Z ",
                "orders-7d4-x",
            ),
            ("", "gateway"),
        ] {
            assert_eq!(
                program(prefix, "gateway::answer::reply", "f"),
                name,
                "{prefix}"
            );
        }
        assert_eq!(program("", "access", "f"), "gateway");
        assert_eq!(program("", "order_service::store", "f"), "order-service");
        assert_eq!(program("", "service_kit::outbox", "kitchen"), "kitchen");
        assert_eq!(program("", "service_kit::outbox", ""), "-");
    }

    #[test]
    fn a_line_of_another_kind_is_no_entry() {
        for line in [
            "",
            "{",
            "{}",
            "text",
            "[1]",
            r#"{"time":"now","level":"INFO","target":"t"}"#,
        ] {
            assert!(Entry::of(line.as_bytes(), "").is_none(), "{line}");
        }
        let entry = Entry::of(LINE.as_bytes(), "").unwrap();
        assert_eq!(entry.request_id.as_deref(), Some("r"));
        assert_eq!(entry.trace_id, None);
        assert!(entry.pairs.keys().eq(["upstream"]));
    }
}
