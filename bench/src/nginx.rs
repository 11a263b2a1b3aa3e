//! Starts nginx as a plain reverse proxy to compare the gateway with.
//!
//! It is Debian's nginx as installed, which anyone who judges the gateway has at hand.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::Error;
use crate::machine::free_addr;
use crate::service::Service;

/// The settings that nginx shares with the gateway it is compared with.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) connections: usize,
    pub(crate) head_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

/// nginx's name and version, such as `nginx/1.22.1`.
pub(crate) fn version(program: &Path) -> Result<String, Error> {
    let told = Command::new(program).arg("-v").output()?;
    let told = String::from_utf8(told.stderr)?;
    let (_, version) = told.trim().rsplit_once(' ').ok_or("nginx has no version")?;
    Ok(version.to_owned())
}

/// Starts nginx with its files in `folder`.
pub(crate) async fn start(
    program: &Path,
    folder: &Path,
    upstream: SocketAddr,
    settings: Settings,
) -> Result<Service, Error> {
    let addr = free_addr()?;
    let file = folder.join("nginx.conf");
    fs::write(&file, settings.config(folder, addr, upstream))?;
    let mut command = Command::new(program);
    run(&mut command, folder, &file);
    Service::start_on(addr, command, &folder.join("nginx.log")).await
}

/// Adds the arguments that make `command`, which is nginx, use the configuration `file` and keep
/// its own files in `folder`.
pub(crate) fn run(command: &mut Command, folder: &Path, file: &Path) {
    command.args(["-e", "stderr", "-c"]).arg(file);
    command.arg("-p").arg(folder);
}

/// The settings for where nginx keeps its own files, which come first in its `http` block.
pub(crate) fn paths(folder: &Path) -> String {
    ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|of| format!("{of}_temp_path {}/nginx-{of};\n", folder.display()))
        .concat()
}

impl Settings {
    /// Without a master process, the one worker is the only process to measure and to kill.
    fn config(&self, folder: &Path, addr: SocketAddr, upstream: SocketAddr) -> String {
        let paths = paths(folder);
        let (folder, connections) = (folder.display(), self.connections);
        let (head, idle) = (self.head_timeout.as_secs(), self.idle_timeout.as_secs());
        format!(
            "daemon off;\n\
             master_process off;\n\
             pid {folder}/nginx.pid;\n\
             error_log stderr error;\n\
             events {{ worker_connections {connections}; }}\n\
             http {{\n\
             access_log off;\n\
             {paths}\
             client_header_timeout {head}s;\n\
             keepalive_timeout {idle}s;\n\
             keepalive_requests 1000000;\n\
             upstream behind {{ server {upstream}; keepalive 64; }}\n\
             server {{\n\
             listen {addr};\n\
             location / {{\n\
             proxy_pass http://behind;\n\
             proxy_http_version 1.1;\n\
             proxy_set_header Connection \"\";\n\
             }}\n\
             }}\n\
             }}\n"
        )
    }
}
