//! The content codings that the gateway can make, and the one that a client wants (RFC 9110
//! §12.5.3). Does no I/O.

mod encoded;
mod encoder;

use actix_web::http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, VARY};

pub(crate) use encoded::Encoded;
pub(crate) use encoder::Encoder;

/// A content coding (RFC 9110 §8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// RFC 7932. First, since it makes the smaller bodies: a client that likes both gets it.
    Brotli,
    Gzip,
}

/// A weight in thousandths.
type Weight = u16;

impl Coding {
    pub(crate) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// The name in `Content-Encoding`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    fn is_named(self, name: &[u8]) -> bool {
        // `x-gzip` is an old name (RFC 9110 §8.4.1.3).
        let is_old = self == Self::Gzip && name.eq_ignore_ascii_case(b"x-gzip");
        is_old || name.eq_ignore_ascii_case(self.as_str().as_bytes())
    }

    /// The coding that the client wants. `None` means the body as it is, which a client also gets
    /// if it says nothing: it may accept anything then, but need not understand it.
    pub(crate) fn wanted(fields: &HeaderMap) -> Option<Self> {
        let lines = fields.get_all(ACCEPT_ENCODING);
        let members = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
        let mut weights = Weights::default();
        members
            .filter_map(member)
            .for_each(|member| weights.add(member));
        weights.best()
    }
}

/// The weights of one `Accept-Encoding`. The lowest counts if something is named twice.
#[derive(Default)]
struct Weights {
    codings: [Option<Weight>; Coding::ALL.len()],
    identity: Option<Weight>,
    /// `*`: everything that is not named.
    others: Option<Weight>,
}

impl Weights {
    fn add(&mut self, (name, weight): (&[u8], Weight)) {
        let mut known = Coding::ALL.iter().zip(&mut self.codings);
        let place = if name == b"*" {
            &mut self.others
        } else if name.eq_ignore_ascii_case(b"identity") {
            &mut self.identity
        } else if let Some((_, place)) = known.find(|(coding, _)| coding.is_named(name)) {
            place
        } else {
            return;
        };
        *place = Some(place.map_or(weight, |other| other.min(weight)));
    }

    fn best(&self) -> Option<Coding> {
        let weights = self
            .codings
            .map(|weight| weight.or(self.others).unwrap_or(0));
        let most = weights.into_iter().max()?;
        if most == 0 || self.identity.is_some_and(|identity| identity > most) {
            return None;
        }
        let mut codings = Coding::ALL.into_iter().zip(weights);
        codings
            .find(|(_, weight)| *weight == most)
            .map(|(coding, _)| coding)
    }
}

/// A name and its weight. `None` if it is malformed.
fn member(text: &[u8]) -> Option<(&[u8], Weight)> {
    let mut parts = text.splitn(2, |byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = match parts.next() {
        None => 1000,
        Some([b'q' | b'Q', b'=', value @ ..]) => thousandths(value)?,
        Some(_) => return None,
    };
    Some((name, weight))
}

/// Parses `qvalue` (RFC 9110 §12.4.2): at most three digits after the point.
fn thousandths(value: &[u8]) -> Option<Weight> {
    let (whole, digits) = match value {
        [whole] => (whole, &b""[..]),
        [whole, b'.', digits @ ..] if digits.len() <= 3 => (whole, digits),
        _ => return None,
    };
    let whole = whole.checked_sub(b'0').filter(|whole| *whole <= 1)?;
    let mut weight = Weight::from(whole);
    for place in 0..3 {
        let digit = digits
            .get(place)
            .map_or(Some(0), |byte| byte.checked_sub(b'0'));
        weight = weight * 10 + Weight::from(digit.filter(|digit| *digit <= 9)?);
    }
    (weight <= 1000).then_some(weight)
}

/// Adds `Accept-Encoding` to `Vary`, unless it is there.
pub(crate) fn vary(fields: &mut HeaderMap) {
    let lines = fields.get_all(VARY);
    let mut names = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let is_there = names.any(|name| {
        let name = name.trim_ascii();
        name == b"*" || name.eq_ignore_ascii_case(ACCEPT_ENCODING.as_str().as_bytes())
    });
    if !is_there {
        fields.append(VARY, HeaderValue::from_static("accept-encoding"));
    }
}

#[cfg(test)]
mod tests;
