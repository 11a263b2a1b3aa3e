//! Prints a completion script for a shell.

use std::io;

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use service_kit::program::RunError;

/// Builds the whole script first: the generator needs a writer that cannot fail.
pub(super) fn print<C: CommandFactory>(
    shell: Shell,
    out: &mut impl io::Write,
) -> Result<(), RunError> {
    let mut script = Vec::new();
    generate(shell, &mut C::command(), "gateway", &mut script);
    Ok(out.write_all(&script)?)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, ValueEnum as _};
    use clap_complete::Shell;

    use super::print;
    use crate::cli::Cli;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            print::<Cli>(*shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}");
            }
        }
    }
}
