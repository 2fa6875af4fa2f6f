// Runs a node without a service and without a sandbox: the same code as in the
// component, over responses that a test wrote down.

import { component } from "./runtime.js";
import { TransportError } from "./http.js";

const ORIGIN = "https://service.test";

/** A fake service for a node: `fake(loanbook).on("GET /v1/me", 200, { name: "Ada" })`. */
export function fake(definition) {
  return new FakeService(definition);
}

class FakeService {
  #clock = 0;
  #routes = new Map();
  #component;
  #definition;
  /** Every request that was sent: `method`, `url`, `path`, `headers` and `body`. */
  requests = [];

  constructor(definition) {
    definition.manifest();
    this.#definition = definition;
    this.#component = component(definition, {
      now: () => this.#clock,
      sleep: async (ms) => void (this.#clock += ms),
      exchange: async (request) => this.#exchange(request),
    });
  }

  /**
   * The response to a request. Of several for one request each is given once, in order,
   * and the last one again and again. `status` may be `"refused"`, `"broken"` or `"timeout"`.
   */
  on(route, status, body = null, headers = {}) {
    const key = normal(route);
    this.#routes.set(key, [...(this.#routes.get(key) ?? []), { status, body, headers }]);
    return this;
  }

  #exchange(request) {
    const path = request.url.replace(/^https?:\/\/[^/]+/, "");
    this.requests.push({ ...request, path, body: request.body === undefined ? undefined : JSON.parse(request.body) });
    const key = normal(`${request.method} ${path}`);
    const responses = this.#routes.get(key);
    if (!responses)
      throw new Error(
        `The fake service has no response to ${key}. It has: ${[...this.#routes.keys()].join(", ") || "none"}`,
      );
    const { status, body, headers } = responses.length > 1 ? responses.shift() : responses[0];
    if (typeof status === "string") throw new TransportError(status, status !== "refused");
    return {
      status,
      headers: { "content-type": "application/json", ...headers },
      body: body === null ? "" : JSON.stringify(body),
    };
  }

  /** The results of an operation for one item, of all pages. Throws the failure of the item. */
  async run(operation, input = {}, call = {}) {
    const [outcome] = await this.runAll(operation, [input], call);
    if (outcome.failed) throw Object.assign(new Error(outcome.failed.message), outcome.failed);
    return outcome.done;
  }

  /** For each item `{ done: results }` or `{ failed: error }`, over all calls. */
  async runAll(operation, inputs, call = {}) {
    const items = inputs.map((input) => ({ json: JSON.stringify(input), attachments: [], sources: new Uint32Array() }));
    const outcomes = inputs.map(() => ({ done: [] }));
    let cursor;
    do {
      const execution = await this.#call("node", "execute", call, operation, items, cursor);
      execution.outcomes.forEach(({ tag, val }, index) => {
        if (tag === "done") outcomes[index].done?.push(...val.map(({ json }) => JSON.parse(json)));
        if (tag === "failed") outcomes[index] = { failed: val };
      });
      cursor = execution.next;
    } while (cursor !== undefined);
    return outcomes;
  }

  /** The entries of a list, of all pages. */
  async options(name, { search, parameters = {} } = {}) {
    const entries = [];
    let cursor;
    do {
      const part = await this.#call("lookup", "options", {}, name, JSON.stringify(parameters), search, cursor);
      entries.push(...part.entries.map((entry) => ({ ...entry, value: JSON.parse(entry.value) })));
      cursor = part.next;
    } while (cursor !== undefined);
    return entries;
  }

  /** One poll: `events` with `id`, `occurredAt` and `item`, and `state` for the next one. */
  async poll(trigger, state, config = {}) {
    const polled = await this.#call("triggers", "poll", {}, trigger, JSON.stringify(config), state);
    return { ...polled, events: polled.events.map((event) => ({ ...event, item: JSON.parse(event.item.json) })) };
  }

  /** The report of the connection check. */
  check() {
    return this.#call("setup", "check", {});
  }

  async #call(name, method, call, ...given) {
    const context = {
      now: "2026-03-01T09:15:02Z",
      deadlineMs: 60_000,
      attempt: 1,
      entropy: Uint8Array.from({ length: 32 }, (_, index) => index * 7),
      dryRun: false,
      readOnly: false,
      confirmed: true,
      ...call,
    };
    const fields = this.#definition.login.spec.fields.map((field) => ({
      name: field.name,
      value: field.kind === "url" ? ORIGIN : `test-${field.name}`,
    }));
    const auth = { tag: "session", val: { token: "test-token", scopes: [] } };
    try {
      return await this.#component[name][method](context, { fields, auth }, ...given);
    } catch (error) {
      throw error.payload ? Object.assign(error, error.payload) : error;
    }
  }
}

/** A route with its query in order. */
function normal(route) {
  const [, method, path, query] = /^(\S+) ([^?]*)\??(.*)$/.exec(route);
  return `${method} ${path}${query ? `?${query.split("&").sort().join("&")}` : ""}`;
}
