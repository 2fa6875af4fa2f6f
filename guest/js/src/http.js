// Requests to the service, within the deadline of a call: retries, and what failing
// responses mean. How bytes travel is the transport's affair (wasi.js, testing.js).

import { Failure } from "./failure.js";
import { parsed } from "./input.js";

/** How often a request is sent at most. */
const MAX_ATTEMPTS = 4;
/** The longest that one call waits on purpose; longer waits are the host's. */
const MAX_WAIT_MS = 10_000;
/** What a service is given that throttles without saying for how long. */
const DEFAULT_RETRY_AFTER_MS = 30_000;
/** The part of the deadline that requests may use. */
const USABLE = 0.9;
/** The part after which no further page or item is begun. */
const LATE = 0.6;

/** Thrown in a dry run, in place of a request. */
export class DryRun extends Error {
  constructor(shown) {
    super("dry run");
    this.shown = shown;
  }
}

/** No response. `reached` says whether the service may have acted on the request. */
export class TransportError extends Error {
  constructor(reason, reached) {
    super(reason);
    Object.assign(this, { reason, reached });
  }
}

/** What a failing status means: kind, code and advice. */
function meaning(status) {
  switch (status) {
    case 401:
      return [
        "unauthenticated",
        "unauthenticated",
        "does not accept the credentials",
        "Check the credentials; they may have expired.",
      ];
    case 403:
      return ["forbidden", "forbidden", "does not allow this", "Give the account the permission for it."];
    case 404:
    case 410:
      return [
        "not-found",
        "not-found",
        "has no such record",
        "Check the id. The record may be deleted, or the account may not see it.",
      ];
    case 409:
    case 412:
      return ["conflict", "conflict", "refuses this in its current state", undefined];
    case 429:
      return [
        "rate-limited",
        "rate-limited",
        "has had too many requests",
        "Wait, ask for less, or run fewer workflows at the same time.",
      ];
  }
  if (status >= 500) return ["unavailable", "server-error", "returned a server error", "Try again later."];
  if (status >= 400)
    return ["invalid-input", "rejected", "does not accept the values", "Change the values as the service says."];
  return ["protocol", "unexpected-response", "sent an unexpected response", undefined];
}

/** What a `run` function of an operation is given. */
export class Http {
  #transport;
  #carry;
  #end;
  #late;
  #waited = 0;
  #state;
  /** Whether a write of this item succeeded. */
  #changed = false;

  constructor({ transport, origin, title, carry, context }) {
    this.#transport = transport;
    this.#carry = carry;
    this.origin = origin;
    this.title = title;
    this.context = context;
    const begin = transport.now();
    this.#end = begin + context.deadlineMs * USABLE;
    this.#late = begin + context.deadlineMs * LATE;
    this.usage = { requests: 0, retries: 0, waitedMs: 0, rateLimited: 0 };
  }

  /** The time at which the call started, RFC 3339. */
  get now() {
    return this.context.now;
  }

  /** A random id that is new in each call. */
  uuid() {
    const bytes = this.#random(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  get(path, query) {
    return this.request("GET", path, { query });
  }

  post(path, body) {
    return this.request("POST", path, { body });
  }

  put(path, body) {
    return this.request("PUT", path, { body });
  }

  patch(path, body) {
    return this.request("PATCH", path, { body });
  }

  delete(path) {
    return this.request("DELETE", path);
  }

  /** The body of the response: JSON as a value, other text as it is, nothing as `null`. */
  async request(method, path, options) {
    return (await this.exchange(method, path, options)).body;
  }

  /**
   * The same with status and headers. `reads` says of a request that is not a GET that
   * it changes nothing.
   */
  async exchange(method, path, { query, body, headers = {}, reads } = {}) {
    const isRead = reads ?? ["GET", "HEAD"].includes(method);
    const url = this.#url(path, query);
    if (this.context.dryRun) throw new DryRun({ dry_run: true, method, url, ...(body === undefined ? {} : { body }) });
    const request = {
      method,
      url,
      headers: this.#headers(headers, body),
      body: body === undefined ? undefined : JSON.stringify(body),
    };
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#send(request);
      const wait = this.#pause(outcome, isRead, attempt);
      if (wait === undefined) return this.#judge(outcome, isRead);
      this.usage.retries++;
      this.usage.waitedMs += wait;
      this.#waited += wait;
      await this.#transport.sleep(wait);
    }
  }

  /** Whether it is too late in the call to begin something. */
  isLate() {
    return this.#transport.now() >= this.#late;
  }

  /** A failure of this item, with what its earlier requests have changed. */
  settle(failure) {
    if (this.#changed && failure.effect === "none") failure.effect = "applied";
    this.#changed = false;
    return failure;
  }

  /** Forgets what the requests of an item have changed. */
  nextItem() {
    this.#changed = false;
  }

  /** Random bytes out of the entropy of the call (xorshift128): different in each call. */
  #random(count) {
    const state = (this.#state ??= Array.from({ length: 4 }, (_, word) => {
      const bytes = this.context.entropy.slice(word * 4, word * 4 + 4);
      return [...bytes].reduce((sum, byte) => ((sum << 8) | byte) >>> 0, word + 1);
    }));
    return Uint8Array.from({ length: count }, () => {
      let last = state.pop();
      last ^= last << 11;
      last ^= last >>> 8;
      state.unshift((last ^ state[0] ^ (state[0] >>> 19)) >>> 0);
      return state[0] >>> 24;
    });
  }

  #url(path, query) {
    const pairs = Object.entries(query ?? {}).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
    const given = pairs.filter(([, value]) => value !== undefined && value !== null);
    const text = given.map((pair) => pair.map((part) => encodeURIComponent(part)).join("=")).join("&");
    const full = path.startsWith("/") ? this.origin + path : path;
    if (full !== this.origin && !full.startsWith(`${this.origin}/`))
      throw new Failure("internal", "foreign-address", "The node asked for an address that is not the service's.");
    // `..` in an id would name another record.
    if (/[/\\](\.|%2e){1,2}([/\\?#]|$)/i.test(full.slice(this.origin.length)))
      throw new Failure("invalid-input", "invalid-value", 'A value in the address of a request is "." or "..".');
    return text ? `${full}${full.includes("?") ? "&" : "?"}${text}` : full;
  }

  #headers(own, body) {
    const headers = { accept: "application/json", ...own };
    if (body !== undefined) headers["content-type"] ??= "application/json";
    if (this.context.traceParent) headers.traceparent = this.context.traceParent;
    const carried = this.#carry?.();
    if (carried) headers[carried[0]] = carried[1];
    return headers;
  }

  async #send(request) {
    this.usage.requests++;
    const left = this.#end - this.#transport.now();
    if (left <= 0) return new TransportError("timeout", false);
    try {
      return await this.#transport.exchange(request, left);
    } catch (error) {
      if (error instanceof TransportError) return error;
      throw error;
    }
  }

  /** How long to wait before the request is sent again; `undefined` to leave it. */
  #pause(outcome, isRead, attempt) {
    const throttled = outcome.status === 429;
    if (throttled) this.usage.rateLimited++;
    // A time-out has used up the time already.
    const lost = outcome instanceof TransportError && ["refused", "broken"].includes(outcome.reason);
    const didNothing = throttled || (lost && !outcome.reached);
    const repeatable = didNothing || (isRead && (lost || (outcome.status >= 502 && outcome.status <= 504)));
    if (!repeatable || attempt >= MAX_ATTEMPTS) return undefined;
    const growing = 500 * 2 ** (attempt - 1);
    const wait =
      retryAfter(outcome) ?? growing + Math.round((growing / 2) * ((this.context.entropy[attempt] ?? 0) / 255));
    const fits = this.#waited + wait <= MAX_WAIT_MS && this.#transport.now() + wait < this.#end;
    return fits ? wait : undefined;
  }

  #judge(outcome, isRead) {
    if (outcome instanceof TransportError) throw this.#noResponse(outcome, isRead);
    const { status, headers, body } = outcome;
    const value = body === "" ? null : parsed(body);
    if (status >= 200 && status < 300) {
      if (!isRead) this.#changed = true;
      const isJson = /json/.test(headers["content-type"] ?? "json");
      if (value === undefined && isJson)
        throw new Failure("protocol", "unexpected-response", `${this.title} sent a response that cannot be read.`, {
          httpStatus: status,
        });
      return { status, headers, body: value === undefined ? body : value };
    }
    const [kind, code, words, advice] = meaning(status);
    const after = retryAfter(outcome);
    const again =
      kind === "rate-limited"
        ? (after ?? DEFAULT_RETRY_AFTER_MS)
        : kind === "unavailable"
          ? (after ?? "host-default")
          : "never";
    throw new Failure(kind, code, `${this.title} ${words} (status ${status}).`, {
      advice,
      httpStatus: status,
      vendorMessage: vendorMessage(value),
      effect: !isRead && (status >= 500 || status < 400) ? "unknown" : "none",
      retry: again,
    });
  }

  #noResponse({ reason, reached }, isRead) {
    const effect = isRead || !reached ? "none" : "unknown";
    const advice =
      effect === "unknown"
        ? `The change may have been made. Check ${this.title} before you run this again.`
        : undefined;
    switch (reason) {
      case "denied":
        return new Failure("denied", "address-denied", "The host does not allow requests to this address.", {
          advice: "Accept the address for this node.",
        });
      case "timeout":
        return new Failure("timeout", "timeout", `${this.title} did not respond in time.`, {
          effect,
          advice,
          retry: "host-default",
        });
      case "too-large":
        return new Failure("protocol", "response-too-large", `${this.title} sent a response that is too large.`, {
          effect,
          advice,
        });
      default:
        return new Failure("unavailable", "no-response", `${this.title} cannot be reached.`, {
          effect,
          advice: advice ?? "Check the address, and try again later.",
          retry: "host-default",
        });
    }
  }
}

/** The `Retry-After` of a response in milliseconds, where it is a number of seconds. */
function retryAfter(outcome) {
  const seconds = outcome.headers?.["retry-after"];
  return /^\s*\d{1,6}\s*$/.test(seconds ?? "") ? Number(seconds) * 1000 : undefined;
}

/** The service's own words in an error response. */
function vendorMessage(value) {
  const error = value?.error ?? value?.errors?.[0] ?? value;
  const words = [error?.message, error?.detail, error?.title, error?.error_description, value?.message, error].find(
    (each) => typeof each === "string",
  );
  return (
    words
      ?.replaceAll(/<[^>]*>|[\u0000-\u001f\u007f]/g, " ")
      .trim()
      .slice(0, 300) || undefined
  );
}
