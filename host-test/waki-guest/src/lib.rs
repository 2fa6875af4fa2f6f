//! A guest that fetches with waki, with every time-out that waki can set.
//!
//! It is there for one test, which shows why the HaloPSA node has a client of
//! its own: `docs/decisions/0001-own-http-client.md`.

#[cfg(target_arch = "wasm32")]
mod guest {
    use std::time::Duration;

    mod bindings {
        #![allow(missing_docs, unsafe_code, unreachable_pub, reason = "generated")]
        wit_bindgen::generate!({
            inline: "
                package waki:guest;
                world waki-guest {
                    export fetch: func(url: string, connect-timeout-ms: u32) -> result<u16, string>;
                }
            ",
        });
        export!(Fetcher with_types_in self);

        use super::Fetcher;
    }

    struct Fetcher;

    impl bindings::Guest for Fetcher {
        fn fetch(url: String, connect_timeout_ms: u32) -> Result<u16, String> {
            waki::Client::new()
                .get(&url)
                .connect_timeout(Duration::from_millis(connect_timeout_ms.into()))
                .send()
                .map(|answer| answer.status_code())
                .map_err(|error| error.to_string())
        }
    }
}
