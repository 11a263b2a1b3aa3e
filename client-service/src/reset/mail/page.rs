//! The page of the mails that are shown and not sent. For developers, so it is in English only.

use crate::store::ShownMail;

/// As plain HTML, the newest mail first.
pub(crate) fn page(mails: &[ShownMail]) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>Outbox</title>\n</head>\n<body>\n<h1>Outbox</h1>\n\
         <p>Mails that are shown here because DEV_OUTBOX is on.</p>\n",
    );
    if mails.is_empty() {
        html.push_str("<p>There is none.</p>\n");
    }
    for mail in mails {
        let sent_at = serde_json::to_string(&mail.sent_at).unwrap_or_default();
        html.push_str(&format!(
            "<article>\n<h2>{}</h2>\n<p>To {} at {}</p>\n<pre>{}</pre>\n</article>\n",
            escape(&mail.subject),
            escape(&mail.to),
            sent_at.trim_matches('"'),
            linked(&mail.text),
        ));
    }
    html.push_str("</body>\n</html>\n");
    html
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Makes a link of each line that is one.
fn linked(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let shown = escape(line);
        if line.starts_with("http://") || line.starts_with("https://") {
            format!("<a rel=\"noreferrer\" href=\"{shown}\">{shown}</a>\n")
        } else {
            format!("{shown}\n")
        }
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::linked;

    #[test]
    fn a_link_is_one_and_everything_else_is_escaped() {
        assert_eq!(
            linked("<b>\nhttps://x.example/?a=1&b=\"2\"\njavascript:alert(1)"),
            "&lt;b&gt;\n\
             <a rel=\"noreferrer\" href=\"https://x.example/?a=1&amp;b=&quot;2&quot;\">\
             https://x.example/?a=1&amp;b=&quot;2&quot;</a>\n\
             javascript:alert(1)\n"
        );
    }
}
