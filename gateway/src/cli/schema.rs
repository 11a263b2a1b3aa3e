//! Prints the JSON Schema of the configuration file, for editors and checks.

use std::io::{self, Write};

use crate::settings::file::schema;

pub(super) fn print(out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &schema())?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_copy_is_this_schema() {
        let mut written = Vec::new();
        super::print(&mut written).unwrap();
        assert!(
            written == include_bytes!("../../../docs/gateway.schema.json"),
            "run: cargo run -p gateway -- schema > docs/gateway.schema.json"
        );
    }
}
