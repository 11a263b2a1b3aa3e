//! Decides which traces are recorded (`OTEL_TRACES_SAMPLER`).
//!
//! The ratio is judged by the trace id, in the way of the other implementations: processes with the
//! same ratio choose the same traces.

use super::traceparent::TraceId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sampler {
    root: Root,
    /// Whether a trace that another process has begun is recorded if that process records it.
    by_parent: bool,
}

/// The decision about a trace that begins here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Always,
    Never,
    /// If the last 63 bits of its id are below this.
    Below(u64),
}

impl Default for Sampler {
    /// `parentbased_always_on`, the standard's default.
    fn default() -> Self {
        Self {
            root: Root::Always,
            by_parent: true,
        }
    }
}

impl Sampler {
    /// A sampler by its standard name. `ratio` is for those that take one.
    ///
    /// # Errors
    /// The name is unknown.
    pub(super) fn named(name: &str, ratio: f64) -> Result<Self, String> {
        let (root, by_parent) = match name.strip_prefix("parentbased_") {
            Some(root) => (root, true),
            None => (name, false),
        };
        let root = match root {
            "always_on" => Root::Always,
            "always_off" => Root::Never,
            "traceidratio" => Root::below(ratio),
            _ => {
                return Err("expected always_on, always_off or traceidratio, \
                            with or without parentbased_ before it"
                    .to_owned());
            }
        };
        Ok(Self { root, by_parent })
    }

    /// Whether to record a trace. `parent` is the decision of the process that sent the request.
    pub(super) fn takes(self, trace_id: &TraceId, parent: Option<bool>) -> bool {
        match parent {
            Some(is_sampled) if self.by_parent => is_sampled,
            _ => self.root.takes(trace_id),
        }
    }
}

impl Root {
    fn below(ratio: f64) -> Self {
        if ratio >= 1.0 {
            return Self::Always;
        }
        Self::Below((ratio * (1_u64 << 63) as f64) as u64)
    }

    fn takes(self, trace_id: &TraceId) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Below(bound) => last_bits(trace_id) < bound,
        }
    }
}

fn last_bits(trace_id: &TraceId) -> u64 {
    let digits = trace_id.last_chunk::<16>();
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    digits.map_or(0, |digits| u64::from_str_radix(digits, 16).unwrap_or(0)) >> 1
}

#[cfg(test)]
mod tests {
    use super::Sampler;
    use crate::trace::traceparent::hex;

    fn share(sampler: Sampler, parent: Option<bool>) -> f64 {
        // A multiplier that spreads the numbers over all bits.
        let ids = (1..=10_000_u128).map(|number| hex(number * 0x9e37_79b9_7f4a_7c15));
        ids.filter(|id| sampler.takes(id, parent)).count() as f64 / 10_000.0
    }

    #[test]
    fn a_ratio_takes_this_share_of_the_traces_that_begin_here() {
        for (ratio, expected) in [(0.0, 0.0), (0.25, 0.25), (0.5, 0.5), (1.0, 1.0)] {
            let sampler = Sampler::named("traceidratio", ratio).unwrap();
            let share = share(sampler, None);
            assert!((share - expected).abs() < 0.02, "{ratio}: {share}");
        }
    }

    #[test]
    fn the_decision_of_the_sender_counts_if_the_sampler_is_by_parent() {
        for root in ["always_on", "always_off", "traceidratio"] {
            let by_parent = Sampler::named(&format!("parentbased_{root}"), 0.5).unwrap();
            assert_eq!(share(by_parent, Some(true)), 1.0);
            assert_eq!(share(by_parent, Some(false)), 0.0);
            let alone = Sampler::named(root, 0.5).unwrap();
            assert_eq!(share(alone, Some(true)), share(alone, Some(false)));
            assert_eq!(share(alone, None), share(by_parent, None));
        }
    }

    #[test]
    fn the_same_traces_are_taken_as_by_other_implementations() {
        // The last 63 bits decide, the last bit does not.
        let half = Sampler::named("traceidratio", 0.5).unwrap();
        assert!(half.takes(&hex(0x7fff_ffff_ffff_ffff), None));
        assert!(!half.takes(&hex(0x8000_0000_0000_0000), None));
        assert!(half.takes(&hex(0xff << 64), None));
    }

    #[test]
    fn an_unknown_sampler_is_refused() {
        for name in [
            "",
            "jaeger_remote",
            "parentbased_",
            "parentbased_jaeger_remote",
        ] {
            assert!(Sampler::named(name, 1.0).is_err(), "{name}");
        }
    }
}
