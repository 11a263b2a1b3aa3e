//! Starts nginx to compare the gateway with.
//!
//! It is Debian's nginx as installed, which anyone who judges the gateway has at hand.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::service::Service;
use crate::Error;
use crate::machine::{free_addr, told};

/// Passes a request on, on a connection that is kept.
pub(crate) const KEPT: &str = "proxy_http_version 1.1; proxy_set_header Connection \"\";";

/// The settings of nginx. Access logs are off, unless a file for them is given.
pub(crate) struct Settings<'a> {
    pub(crate) workers: usize,
    /// How many connections it has tables for.
    pub(crate) connections: usize,
    pub(crate) is_logged: bool,
    /// More directives of its `http` block.
    pub(crate) http: &'a str,
    /// The directives of its one server, without the address.
    pub(crate) server: &'a str,
    /// The words after the address to listen on, such as ` ssl`.
    pub(crate) listens: &'a str,
}

/// nginx's name and version, such as `nginx/1.22.1`.
pub(crate) fn version(program: &Path) -> Result<String, Error> {
    let told = told(program, &["-v"])?;
    let (_, version) = told.rsplit_once(' ').ok_or("nginx has no version")?;
    Ok(version.to_owned())
}

/// Starts nginx with its files in `folder`.
pub(crate) async fn start(
    program: &Path,
    folder: &Path,
    settings: Settings<'_>,
) -> Result<Service, Error> {
    let addr = free_addr()?;
    let mut command = Command::new(program);
    settings.configure(&mut command, folder, addr)?;
    Service::start_on(addr, command, &folder.join("nginx.log")).await
}

impl Settings<'_> {
    /// Makes `command`, which is nginx, use these settings and keep its own files in `folder`.
    pub(crate) fn configure(
        &self,
        command: &mut Command,
        folder: &Path,
        addr: SocketAddr,
    ) -> Result<(), Error> {
        let file = folder.join("nginx.conf");
        fs::write(&file, self.text(folder, addr))?;
        command.args(["-e", "stderr", "-c"]).arg(file);
        command.arg("-p").arg(folder);
        Ok(())
    }

    /// A single worker needs no master process: it is then the only process to measure and to kill.
    fn text(&self, folder: &Path, addr: SocketAddr) -> String {
        let folder = folder.display();
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|of| format!("{of}_temp_path {folder}/nginx-{of};\n"))
            .concat();
        let master = if self.workers == 1 { "off" } else { "on" };
        let log = match self.is_logged {
            true => format!("{folder}/access.log"),
            false => "off".to_owned(),
        };
        let Self {
            workers,
            connections,
            http,
            server,
            listens,
            ..
        } = self;
        format!(
            "daemon off;\nmaster_process {master};\nworker_processes {workers};\n\
             pid {folder}/nginx.pid;\nerror_log stderr error;\n\
             events {{ worker_connections {connections}; }}\n\
             http {{\naccess_log {log};\n{paths}{http}\n\
             server {{\nlisten {addr}{listens};\n{server}\n}}\n}}\n"
        )
    }
}
