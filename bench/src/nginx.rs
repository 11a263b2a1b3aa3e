//! nginx as a plain reverse proxy: what a figure of the gateway is held against.
//!
//! Debian's, as it is installed: whoever weighs the gateway has that one at hand.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use crate::Error;
use crate::service::Service;

/// What it shares with the gateway beside it.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) connections: usize,
    pub(crate) head_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

/// Where it is, if it is installed. A user's PATH is often without the folder that it is in.
pub(crate) fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.find_map(|folder| Some(folder.join("nginx")).filter(|program| program.is_file()))
}

/// As it names itself: `nginx/1.22.1`.
pub(crate) fn version(program: &Path) -> Result<String, Error> {
    let told = Command::new(program).arg("-v").output()?;
    let told = String::from_utf8(told.stderr)?;
    let (_, version) = told.trim().rsplit_once(' ').ok_or("nginx has no version")?;
    Ok(version.to_owned())
}

/// Starts it with its files in `folder`.
pub(crate) async fn start(
    program: &Path,
    folder: &Path,
    upstream: SocketAddr,
    settings: Settings,
) -> Result<Service, Error> {
    // Let go before nginx takes it: it cannot be given a socket, nor say which one it took.
    let addr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let file = folder.join("nginx.conf");
    fs::write(&file, settings.config(folder, addr, upstream))?;
    let mut command = Command::new(program);
    command
        .args(["-e", "stderr", "-c"])
        .arg(file)
        .arg("-p")
        .arg(folder);
    Service::start_on(addr, command, &folder.join("nginx.log")).await
}

impl Settings {
    /// Without a master process the one worker is all there is to measure, and to kill.
    fn config(&self, folder: &Path, addr: SocketAddr, upstream: SocketAddr) -> String {
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
             client_body_temp_path {folder}/nginx-body;\n\
             proxy_temp_path {folder}/nginx-proxy;\n\
             fastcgi_temp_path {folder}/nginx-fastcgi;\n\
             uwsgi_temp_path {folder}/nginx-uwsgi;\n\
             scgi_temp_path {folder}/nginx-scgi;\n\
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
