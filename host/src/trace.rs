//! W3C trace context: who called, and under which name this host calls on.
//!
//! A caller's `traceparent` is passed on with a span of this host's own in it,
//! so that what the node and the service tell can be put below the call that it
//! belongs to. The ids are on the `tracing` span of the call, too. One that is
//! malformed is dropped, as the specification asks.

use crate::context::random_hex;

/// A `traceparent` (W3C Trace Context, 3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceParent {
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    flags: String,
}

impl TraceParent {
    /// `None` for what is malformed or of no known form. Versions after 00 may
    /// have more at the end, which is not passed on.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = hex(parts.next()?, 16)?;
        let flags = hex(parts.next()?, 2)?;
        let nothing = |id: &str| id.bytes().all(|byte| byte == b'0');
        let more = parts.next().is_some();
        if version == "ff" || (version == "00" && more) || nothing(trace_id) || nothing(span_id) {
            return None;
        }
        Some(Self { trace_id: trace_id.to_owned(), span_id: span_id.to_owned(), flags: flags.to_owned() })
    }

    /// The same trace with a span of our own; without random bytes, the caller's.
    pub(crate) fn child(&self) -> Self {
        let span_id = random_hex().ok().and_then(|hex| hex.get(..16).map(str::to_owned));
        Self { span_id: span_id.unwrap_or_else(|| self.span_id.clone()), ..self.clone() }
    }

    /// Whether the caller records this trace.
    #[cfg(feature = "otlp")]
    pub(crate) fn is_sampled(&self) -> bool {
        self.flags
            .as_bytes()
            .get(1)
            .is_some_and(|digit| matches!(digit, b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f'))
    }

    /// As a header value.
    pub(crate) fn header(&self) -> String {
        format!("00-{}-{}-{}", self.trace_id, self.span_id, self.flags)
    }
}

/// Under which name a span is exported, below its caller's; `None` where it is not.
#[cfg(feature = "otlp")]
pub(crate) use crate::otlp::exported_as;
#[cfg(not(feature = "otlp"))]
pub(crate) fn exported_as(_: &tracing::Span, _: Option<&TraceParent>) -> Option<TraceParent> {
    None
}

fn hex(text: &str, digits: usize) -> Option<&str> {
    let valid = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    valid.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_child_is_of_the_same_trace_with_a_span_of_its_own() {
        let parent = TraceParent::parse(PARENT).expect("a parent");
        assert_eq!(parent.header(), PARENT);
        let (one, other) = (parent.child(), parent.child());
        assert_eq!((&one.trace_id, &one.flags), (&parent.trace_id, &parent.flags));
        assert!(one.span_id != parent.span_id && one.span_id != other.span_id);
        assert!(TraceParent::parse(&one.header()).is_some());
    }

    #[test]
    fn what_is_malformed_is_dropped() {
        for text in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nx: y",
        ] {
            assert_eq!(TraceParent::parse(text), None, "{text:?}");
        }
        let newer =
            TraceParent::parse(&format!("{}-more", PARENT.replacen("00", "cc", 1))).expect("a later version");
        assert_eq!(newer.header(), PARENT);
    }
}
