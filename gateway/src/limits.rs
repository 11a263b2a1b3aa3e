//! What a client may send at most. Whatever it could grow has a bound here.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

use crate::fault::ClientFault;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `limits.uri`: the path and the query of the request's target.
    pub uri: u64,
    /// `limits.head`: the names and values of all header fields together.
    pub head: u64,
    /// `limits.request_body`: the body, without its framing.
    pub request_body: u64,
}

impl Limits {
    /// Judges what has arrived of a request by the time it can be routed. Its body is counted as it comes.
    pub(crate) fn admit(&self, request: &HttpRequest) -> Result<(), ClientFault> {
        let target = request.uri().path_and_query();
        if target.is_some_and(|target| target.as_str().len() as u64 > self.uri) {
            return Err(ClientFault::UriTooLong);
        }
        if size_of(request.headers()) > self.head {
            return Err(ClientFault::HeadTooLarge);
        }
        Ok(())
    }
}

fn size_of(headers: &HeaderMap) -> u64 {
    let sizes = headers
        .iter()
        .map(|(name, value)| (name.as_str().len() + value.len()) as u64);
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::Limits;
    use crate::fault::ClientFault;

    const SMALL: Limits = Limits {
        uri: 10,
        head: 20,
        request_body: 0,
    };

    #[test]
    fn the_target_counts_with_its_query() {
        let admit = |uri| SMALL.admit(&TestRequest::with_uri(uri).to_http_request());
        assert_eq!(admit("/23456?890"), Ok(()));
        assert_eq!(admit("/23456?8901"), Err(ClientFault::UriTooLong));
    }

    #[test]
    fn all_fields_count_together_repeated_ones_each() {
        let request = |fields: &[(&'static str, &'static str)]| {
            let request = TestRequest::with_uri("/");
            let append = |request: TestRequest, field: &_| request.append_header(*field);
            fields.iter().fold(request, append).to_http_request()
        };
        let twice = [("x-a", "1234567"), ("x-a", "1234567")];
        assert_eq!(SMALL.admit(&request(&twice)), Ok(()));
        let thrice = [twice[0], twice[1], ("b", "")];
        let judged = SMALL.admit(&request(&thrice));
        assert_eq!(judged, Err(ClientFault::HeadTooLarge));
    }
}
