//! Translates the commands of a page for tests, where processes replace containers.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is not run here; the test says why.
    Elsewhere,
    Stop(Vec<&'static str>),
    Start(Vec<&'static str>),
    /// `gateway drill --all`.
    Drill,
    /// `gateway status`.
    Status,
    /// A change of the gateway's file.
    Edit(String),
    /// A command line with curl.
    Ask(String),
}

/// A page whose commands are translated.
pub(crate) struct Page {
    /// The services that it may stop and start.
    pub(crate) services: Vec<&'static str>,
    /// Whether a line is not run by the test.
    pub(crate) is_elsewhere: fn(&str) -> bool,
}

impl Page {
    /// The commands of a block, in order.
    pub(crate) fn steps(&self, commands: &str) -> Vec<Step> {
        let whole = commands.replace("\\\n", " ");
        let lines = whole.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty());
        lines.map(|line| self.step(line)).collect()
    }

    fn step(&self, line: &str) -> Step {
        if let Some(services) = line.strip_prefix("docker compose stop ") {
            Step::Stop(self.named(services))
        } else if let Some(services) = line.strip_prefix("docker compose start ") {
            Step::Start(self.named(services))
        } else if line == "docker compose exec gateway gateway drill --all" {
            Step::Drill
        } else if line == "docker compose exec gateway gateway status" {
            Step::Status
        } else if line.starts_with("sed ") {
            Step::Edit(line.to_owned())
        } else if line.starts_with("curl ") {
            Step::Ask(line.to_owned())
        } else {
            let is_elsewhere = (self.is_elsewhere)(line);
            assert!(is_elsewhere, "a command that is not tested: {line}");
            Step::Elsewhere
        }
    }

    fn named(&self, services: &str) -> Vec<&'static str> {
        let names = services.split(' ').map(|name| {
            let mut known = self.services.iter();
            *known.find(|known| **known == name).unwrap()
        });
        names.collect()
    }
}
