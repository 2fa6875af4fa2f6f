//! What the host holds for a guest outside of its memory: headers and the buffers
//! of request bodies. They count in the memory limit of the call, or a small guest
//! could make the host hold a thousand times what it may have itself.
//!
//! wasmtime does the work; each function here asks for room first. The bytes are
//! counted as they are added and never given back. Only when that count meets the
//! limit is everything looked through that is still there: most calls end before.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue};
use wasmtime::component::{Linker, Resource};
use wasmtime::{ResourceLimiter, StoreContextMut};
use wasmtime_wasi_http::p2::bindings::http::types::{
    self, ErrorCode, HeaderError, HostFields as _, HostOutgoingRequest as _,
};
use wasmtime_wasi_http::p2::body::{HostFutureTrailers, HostOutgoingBody};
use wasmtime_wasi_http::p2::types::{HostIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{FieldMap, WasiHttpView as _};

use crate::call::State;
use crate::http::CHUNK;
use crate::outgoing::{self, Answer};

/// Bytes of one header map that a guest makes: what wasmtime lets it have.
pub(crate) const MAP: usize = 128 << 10;
/// Bytes that an entry of a header map takes beside its name and value, at most:
/// maps grow by doubling.
const ENTRY: usize = 200;
/// Bytes that a request body takes: what the guest wrote and what is on its way.
const DRAFT: usize = 2 * CHUNK;

/// Bytes of a header map in the host.
pub(crate) fn size(headers: &HeaderMap) -> usize {
    let names: usize = headers.keys().map(|name| name.as_str().len()).sum();
    let values: usize = headers.values().map(HeaderValue::len).sum();
    headers.len() * ENTRY + names + values
}

/// Bytes that a request holds until it is answered.
pub(crate) fn size_of_request(headers: &HeaderMap, body: bool) -> usize {
    size(headers) + if body { DRAFT } else { 0 }
}

/// The same headers in memory of their own. As they come, they are parts of the
/// buffer that the connection was read into, and keep all of it.
pub(crate) fn apart(mut headers: HeaderMap) -> HeaderMap {
    let mut all = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    headers.values().for_each(|value| all.extend_from_slice(value.as_bytes()));
    let mut all: Bytes = all.freeze();
    for value in headers.values_mut() {
        let sensitive = value.is_sensitive();
        // It was a header's value before.
        if let Ok(copy) = HeaderValue::from_maybe_shared(all.split_to(value.len())) {
            *value = copy;
            value.set_sensitive(sensitive);
        }
    }
    headers
}

impl State {
    /// Bytes that the host holds for this guest now.
    fn held(&mut self) -> usize {
        let under_way = self.under_way().held();
        let of_entry = |entry: &mut (dyn std::any::Any + Send)| {
            if let Some(fields) = entry.downcast_ref::<FieldMap>() {
                size(fields)
            } else if let Some(request) = entry.downcast_ref::<HostOutgoingRequest>() {
                size_of_request(&request.headers, false)
            } else if let Some(response) = entry.downcast_ref::<HostIncomingResponse>() {
                size(&response.headers)
            } else if let Some(answer) = entry.downcast_ref::<Answer>() {
                answer.held()
            } else if entry.is::<HostOutgoingBody>() {
                DRAFT
            } else {
                0
            }
        };
        under_way + self.table().iter_mut().map(of_entry).sum::<usize>()
    }

    /// Whether there is room for so many bytes more, which are then taken.
    pub(crate) fn has_room(&mut self, bytes: usize) -> bool {
        if self.limiter().hold(bytes) {
            return true;
        }
        let held = self.held();
        self.limiter().holds(held);
        self.limiter().hold(bytes) || self.limiter().exceed()
    }

    /// The same for what a guest cannot go on without.
    pub(crate) fn room(&mut self, bytes: usize) -> wasmtime::Result<()> {
        if self.has_room(bytes) { Ok(()) } else { Err(wasmtime::Error::msg("the memory limit is reached")) }
    }
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if !self.limiter().fits(desired.saturating_sub(current)) {
            let held = self.held();
            self.limiter().holds(held);
        }
        self.limiter().memory_growing(current, desired, maximum)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.limiter().table_growing(current, desired, maximum)
    }
}

type Store<'a> = StoreContextMut<'a, State>;
type Header<T> = wasmtime::Result<(Result<T, HeaderError>,)>;

/// Puts these functions in the place of wasmtime's.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut types = linker.instance(outgoing::TYPES)?;
    types.func_wrap(
        "[method]fields.append",
        |mut store: Store<'_>, (fields, name, value): (Resource<FieldMap>, String, Vec<u8>)| -> Header<()> {
            let state = store.data_mut();
            state.room(ENTRY + name.len() + value.len())?;
            told(state.http().append(fields, name, value))
        },
    )?;
    types.func_wrap(
        "[method]fields.set",
        |mut store: Store<'_>,
         (fields, name, values): (Resource<FieldMap>, String, Vec<Vec<u8>>)|
         -> Header<()> {
            let state = store.data_mut();
            state.room(name.len() + values.iter().map(|value| ENTRY + value.len()).sum::<usize>())?;
            told(state.http().set(fields, name, values))
        },
    )?;
    types.func_wrap(
        "[static]fields.from-list",
        |mut store: Store<'_>, (entries,): (Vec<(String, Vec<u8>)>,)| -> Header<Resource<FieldMap>> {
            let state = store.data_mut();
            state.room(entries.iter().map(|(name, value)| ENTRY + name.len() + value.len()).sum())?;
            told(state.http().from_list(entries))
        },
    )?;
    types.func_wrap(
        "[method]fields.clone",
        |mut store: Store<'_>, (fields,): (Resource<FieldMap>,)| -> wasmtime::Result<(Resource<FieldMap>,)> {
            let state = store.data_mut();
            let bytes = size(state.table().get(&fields)?);
            state.room(bytes)?;
            Ok((types::HostFields::clone(&mut state.http(), fields)?,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.body",
        |mut store: Store<'_>, (request,): (Resource<HostOutgoingRequest>,)| {
            let state = store.data_mut();
            state.room(DRAFT)?;
            Ok((state.http().body(request)?,))
        },
    )?;
    types.func_wrap(
        "[method]future-trailers.get",
        |mut store: Store<'_>, (trailers,): (Resource<HostFutureTrailers>,)| {
            let state = store.data_mut();
            let mut got = types::HostFutureTrailers::get(&mut state.http(), trailers)?;
            if let Some(Ok(Ok(Some(fields)))) = &got {
                let fields = Resource::<FieldMap>::new_own(fields.rep());
                let bytes = size(state.table().get(&fields)?);
                if !state.has_room(bytes) {
                    state.table().delete(fields)?;
                    got = Some(Ok(Err(ErrorCode::HttpResponseTrailerSectionSize(None))));
                }
            }
            Ok((got,))
        },
    )
}

/// What a guest is told about a header that it cannot have; anything else ends it.
fn told<T>(result: Result<T, wasmtime_wasi_http::p2::HeaderError>) -> Header<T> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderName, SET_COOKIE};

    use super::*;

    #[test]
    fn headers_are_the_same_in_memory_of_their_own() {
        let buffer = Bytes::from(vec![b'x'; 1 << 16]);
        let mut headers = HeaderMap::new();
        for (name, from, to) in [("a", 0, 3), ("b", 3, 3), ("set-cookie", 5, 9), ("set-cookie", 9, 20)] {
            let value = HeaderValue::from_maybe_shared(buffer.slice(from..to)).expect("a value");
            headers.append(HeaderName::from_static(name), value);
        }
        let own = apart(headers.clone());
        assert_eq!(own, headers);
        assert_eq!(own.get_all(SET_COOKIE).iter().count(), 2);
        drop(headers);
        assert!(buffer.is_unique(), "nothing of the buffer is kept");
    }

    #[test]
    fn many_short_headers_are_not_taken_for_nothing() {
        let mut headers = HeaderMap::new();
        for n in 0..100 {
            headers.append(
                HeaderName::try_from(format!("x-{n}")).expect("a name"),
                HeaderValue::from_static(""),
            );
        }
        assert!(size(&headers) >= 100 * ENTRY);
    }
}
