//! Which component it is, and one compilation for each.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ring::digest::{SHA256, digest};
use wasmtime::component::Component;

use crate::error::HostError;

/// The SHA-256 of a component's bytes: what to pin, and what to write beside it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut value = [0; 32];
        value.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(value)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// The text is no SHA-256: 64 hexadecimal digits, with or without `sha256:` in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 digest: 64 hexadecimal digits were expected")]
pub struct DigestError;

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text).as_bytes();
        let mut value = [0; 32];
        let (pairs, rest) = hex.as_chunks::<2>();
        if pairs.len() != value.len() || !rest.is_empty() {
            return Err(DigestError);
        }
        for (byte, pair) in value.iter_mut().zip(pairs) {
            let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { return Err(DigestError) };
            *byte = high << 4 | low;
        }
        Ok(Self(value))
    }
}

/// The compiled components that are in use. One that is loaded twice is compiled once,
/// even if both loads begin at the same time.
#[derive(Default)]
pub(crate) struct Compiled(Mutex<HashMap<Digest, Weak<Slot>>>);

/// The place of one component, there for as long as somebody keeps it.
#[derive(Default)]
pub(crate) struct Slot(Mutex<Option<Component>>);

impl Compiled {
    /// The component, compiled by this caller if nobody else did; and its place.
    pub(crate) fn get(
        &self,
        digest: Digest,
        compile: impl FnOnce() -> Result<Component, HostError>,
    ) -> Result<(Component, Arc<Slot>), HostError> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slots.retain(|_, slot| slot.strong_count() > 0);
            slots.get(&digest).and_then(Weak::upgrade).unwrap_or_else(|| {
                let slot = Arc::new(Slot::default());
                slots.insert(digest, Arc::downgrade(&slot));
                slot
            })
        };
        // Held while it is compiled: whoever wants the same waits here.
        let mut place = slot.0.lock().unwrap_or_else(PoisonError::into_inner);
        let component = match &*place {
            Some(component) => component.clone(),
            None => place.insert(compile()?).clone(),
        };
        drop(place);
        Ok((component, slot))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use wasmtime::Engine;

    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_shown() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(format!("sha256:{}", digest.to_string().to_uppercase()).parse(), Ok(digest));
        for text in ["", "ba78", "sha512:00", &"g".repeat(64), &"0".repeat(65), &"é".repeat(32)] {
            assert_eq!(text.parse::<Digest>(), Err(DigestError), "{text}");
        }
    }

    #[test]
    fn many_that_load_the_same_compile_it_once_and_nobody_keeps_it_for_them() {
        let (compiled, engine, count) = (Compiled::default(), Engine::default(), AtomicUsize::new(0));
        let get = || {
            let compile = || {
                count.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(20));
                Component::new(&engine, b"\0asm\x0d\0\x01\0")
                    .map_err(|error| HostError::Engine(error.to_string()))
            };
            compiled.get(Digest::of(b"x"), compile).expect("compiled").1
        };
        let kept: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(get)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        drop(get());
        assert_eq!(count.load(Ordering::Relaxed), 1);
        drop(kept);
        drop(get());
        assert_eq!(count.load(Ordering::Relaxed), 2, "nothing was kept");
    }

    #[test]
    fn a_failure_is_not_kept() {
        let (compiled, engine) = (Compiled::default(), Engine::default());
        let failed = compiled.get(Digest::of(b"x"), || Err(HostError::NotAComponent("no".to_owned())));
        assert!(failed.is_err());
        let compile = || {
            Component::new(&engine, b"\0asm\x0d\0\x01\0")
                .map_err(|error| HostError::Engine(error.to_string()))
        };
        assert!(compiled.get(Digest::of(b"x"), compile).is_ok());
    }
}
