// How requests leave the sandbox: wasi:http, one at a time, within the time that is left.
// Only the component has this module; tests use testing.js instead.

import { now, subscribeDuration } from "wasi:clocks/monotonic-clock@0.2.12";
import { handle } from "wasi:http/outgoing-handler@0.2.12";
import { Fields, OutgoingBody, OutgoingRequest, RequestOptions } from "wasi:http/types@0.2.12";
import { poll } from "wasi:io/poll@0.2.12";

import { TransportError } from "./http.js";

const NANOSECONDS = 1_000_000n;
const MAX_RESPONSE_BYTES = 8 << 20;
const METHODS = ["get", "head", "post", "put", "delete", "options", "patch"];

/** Errors after which the service certainly has not seen the request. */
const NOT_SENT = [
  "DNS-timeout",
  "DNS-error",
  "destination-not-found",
  "destination-unavailable",
  "destination-IP-prohibited",
  "destination-IP-unroutable",
  "connection-refused",
  "connection-timeout",
  "connection-limit-reached",
  "TLS-protocol-error",
  "TLS-certificate-error",
  "TLS-alert-received",
  "HTTP-request-URI-invalid",
];
const TIMED_OUT = [
  "DNS-timeout",
  "connection-timeout",
  "connection-read-timeout",
  "connection-write-timeout",
  "HTTP-response-timeout",
];

export const transport = {
  now: () => Number(now() / NANOSECONDS),

  async sleep(ms) {
    using(subscribeDuration(BigInt(ms) * NANOSECONDS), (pollable) => pollable.block());
  },

  async exchange(request, left) {
    const deadline = subscribeDuration(BigInt(Math.ceil(left)) * NANOSECONDS);
    return using(deadline, () => exchange(request, BigInt(Math.ceil(left)) * NANOSECONDS, deadline));
  },
};

function exchange({ method, url, headers, body }, left, deadline) {
  const [, scheme, authority, path] = /^(https?):\/\/([^/?#]*)(.*)$/.exec(url);
  const bytes = body === undefined ? undefined : new TextEncoder().encode(body);
  const all = Object.entries(bytes ? { ...headers, "content-length": String(bytes.length) } : headers);
  const encoder = new TextEncoder();
  const request = new OutgoingRequest(Fields.fromList(all.map(([name, value]) => [name, encoder.encode(value)])));
  const name = method.toLowerCase();
  request.setMethod(METHODS.includes(name) ? { tag: name } : { tag: "other", val: method });
  request.setScheme({ tag: scheme === "http" ? "HTTP" : "HTTPS" });
  request.setAuthority(authority);
  request.setPathWithQuery(path.startsWith("/") ? path : `/${path}`);
  const options = new RequestOptions();
  options.setConnectTimeout(left);
  options.setFirstByteTimeout(left);
  const sink = bytes ? request.body() : undefined;
  const future = attempt(() => handle(request, options), false);
  return using(future, () => {
    if (sink) write(sink, bytes, deadline);
    using(future.subscribe(), (pollable) => wait(pollable, deadline, true));
    const outcome = future.get();
    if (outcome?.tag !== "ok") throw new TransportError("broken", true);
    if (outcome.val.tag === "err") throw transportError(outcome.val.val, true);
    return using(outcome.val.val, (response) => read(response, deadline));
  });
}

function write(sink, bytes, deadline) {
  try {
    using(sink.write(), (stream) => {
      for (let at = 0; at < bytes.length;) {
        const room = Number(stream.checkWrite());
        if (room === 0) using(stream.subscribe(), (pollable) => wait(pollable, deadline, true));
        else stream.write(bytes.subarray(at, (at += Math.min(room, bytes.length - at))));
      }
      stream.flush();
      using(stream.subscribe(), (pollable) => wait(pollable, deadline, true));
    });
    OutgoingBody.finish(sink, undefined);
  } catch (error) {
    // A service may respond before it has read everything: the response says what happened.
    if (error instanceof TransportError) throw error;
  }
}

function read(response, deadline) {
  const status = response.status();
  const decoder = new TextDecoder();
  const headers = Object.fromEntries(
    using(response.headers(), (fields) => fields.entries()).map(([name, value]) => [
      name.toLowerCase(),
      decoder.decode(value),
    ]),
  );
  const chunks = [];
  let length = 0;
  using(response.consume(), (body) =>
    using(body.stream(), (stream) => {
      while (true) {
        using(stream.subscribe(), (pollable) => wait(pollable, deadline, true));
        let chunk;
        try {
          chunk = stream.read(65536n);
        } catch (error) {
          if (error.payload?.tag === "closed") return;
          throw new TransportError("broken", true);
        }
        chunks.push(chunk);
        length += chunk.length;
        if (length > MAX_RESPONSE_BYTES) throw new TransportError("too-large", true);
      }
    }),
  );
  const whole = new Uint8Array(length);
  chunks.reduce((at, chunk) => (whole.set(chunk, at), at + chunk.length), 0);
  return { status, headers, body: decoder.decode(whole) };
}

/** Waits for a pollable until the time is up. */
function wait(pollable, deadline, reached) {
  const ready = poll([pollable, deadline]);
  if (!ready.includes(0)) throw new TransportError("timeout", reached);
}

function attempt(run, reached) {
  try {
    return run();
  } catch (error) {
    throw transportError(error.payload, reached);
  }
}

function transportError(code, reached) {
  const tag = code?.tag;
  if (tag === "HTTP-request-denied") return new TransportError("denied", false);
  const wasReached = reached && !NOT_SENT.includes(tag);
  if (TIMED_OUT.includes(tag)) return new TransportError("timeout", wasReached);
  return new TransportError(wasReached ? "broken" : "refused", wasReached);
}

/** Runs with a resource and gives it back. */
function using(resource, run) {
  try {
    return run(resource);
  } finally {
    resource[Symbol.dispose]?.();
  }
}
