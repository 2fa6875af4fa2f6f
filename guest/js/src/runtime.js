// The functions of the node interface for a definition.

import { hostLogsIn } from "./credentials.js";
import { Failure, asFailure, invalid, nodeError } from "./failure.js";
import { DryRun, Http } from "./http.js";
import { parsed, readInput } from "./input.js";
import { suggestion } from "./nearest.js";

/** Pages that one call reads. */
const MAX_PAGES = 10;

/** The exports of a component: `node`, `setup`, and `lookup` and `triggers` where there are any. */
export function component(definition, transport) {
  const node = new Runtime(definition, transport);
  const guard =
    (run) =>
    (...given) =>
      node.guard(run, given);
  const exports = {
    types: {},
    node: {
      credentialSchema: () => JSON.stringify(definition.manifest().credentials),
      authenticate: guard((context, connection) => node.authenticate(connection)),
      execute: guard((...given) => node.execute(...given)),
    },
    setup: {
      prepare: guard((context, fields) => node.prepare(fields)),
      check: guard((context, connection) => node.check(context, connection)),
    },
  };
  if (definition.lists.length) exports.lookup = { options: guard((...given) => node.options(...given)) };
  if (definition.triggers.length) {
    const none = guard(() => {
      throw new Failure("unsupported", "no-webhooks", `The node for ${definition.title} has no webhooks.`, {
        advice: "Use the trigger by polling.",
      });
    });
    exports.triggers = {
      poll: guard((...given) => node.poll(...given)),
      subscribe: none,
      unsubscribe: none,
      receive: none,
    };
  }
  return exports;
}

const report = (usage = { requests: 0, retries: 0, waitedMs: 0, rateLimited: 0 }) => ({
  session: undefined,
  usage,
  diagnostics: [],
});
const item = (value) => ({ json: JSON.stringify(value), attachments: [], sources: new Uint32Array() });

class Runtime {
  #definition;
  #transport;
  #secrets = [];

  constructor(definition, transport) {
    this.#definition = definition;
    this.#transport = transport;
  }

  /** Runs a function of the interface; what it throws becomes the error of the call. */
  async guard(run, given) {
    try {
      return await run(...given);
    } catch (thrown) {
      const payload = this.#error(thrown);
      throw Object.assign(new Error(payload.message), { payload });
    }
  }

  #error(thrown) {
    return nodeError(asFailure(thrown), this.#definition.name, this.#secrets);
  }

  prepare(fields) {
    const { login } = this.#definition;
    const origin = login.origin(fields);
    const cleaned = fields.map(({ name, value }) => ({ name, value: name === "url" ? origin : value.trim() }));
    return {
      fields: cleaned.filter(({ name }) =>
        login.spec.fields.some((field) => field.name === name && field.kind !== "secret"),
      ),
      egress: [origin, ...login.spec.egress.filter((pattern) => pattern !== "{url}" && pattern !== origin)],
      tokenUrl: login.tokenUrl(origin),
      report: report(),
    };
  }

  authenticate({ fields }) {
    const { login } = this.#definition;
    this.#hide(fields);
    if (!login.key) throw hostLogsIn();
    const token = login.key(fields);
    if (token === undefined) throw hostLogsIn();
    return { token, expiresAt: undefined, scopes: [], extra: undefined };
  }

  async check(context, connection) {
    const { accountOf, title } = this.#definition;
    const http = this.#http(context, connection);
    const step = {
      name: "account",
      label: "Read the account",
      status: "pass",
      message: "",
      error: undefined,
      advice: undefined,
    };
    let account;
    try {
      if (!accountOf)
        Object.assign(step, {
          status: "warn",
          message: `The node for ${title} has no way to try the credentials.`,
          advice: "Run an operation to try them.",
        });
      else {
        account = String(await accountOf(http));
        step.message = `Signed in to ${title} as ${account}.`;
      }
    } catch (thrown) {
      if (thrown instanceof DryRun)
        Object.assign(step, { status: "skipped", message: "Nothing is sent in a dry run." });
      else {
        const error = this.#error(http.settle(asFailure(thrown)));
        Object.assign(step, { status: "fail", message: error.message, error });
      }
    }
    const { fields } = this.prepare(connection.fields);
    return { account, instance: http.origin, scopes: [], steps: [step], fields, report: report(http.usage) };
  }

  async execute(context, connection, id, items, cursor) {
    const operation = this.#find(this.#definition.operations, "operation", id, "id");
    this.#permit(context, operation.manifest);
    let { index: first, page } = readCursor(cursor, items.length, operation.manifest.annotations.paginated);
    const http = this.#http(context, connection);
    const outcomes = items.slice(0, first).map(() => ({ tag: "done", val: [] }));
    let next;
    let pages = 0;
    for (let index = first; index < items.length && next === undefined; index++) {
      if (index > first && http.isLate()) {
        next = cursorAt(index, null);
        break;
      }
      const rows = [];
      let failure;
      http.nextItem();
      while (true) {
        try {
          const answer = await this.#run(http, operation, items[index].json, page);
          rows.push(...answer.items);
          pages++;
          page = answer.next;
        } catch (thrown) {
          failure = http.settle(asFailure(thrown));
        }
        if (failure || page === null || pages >= MAX_PAGES || http.isLate()) break;
      }
      const isUnauthenticated = failure?.kind === "unauthenticated" && failure.effect === "none";
      // A host logs in anew and repeats the call, so nothing of it may be lost.
      if (isUnauthenticated && index === first && !rows.length) throw failure;
      if (failure && (rows.length || isUnauthenticated)) {
        // What was read before is delivered; the next call begins with the failure.
        next = cursorAt(index, page);
        if (!rows.length) break;
      } else if (!failure && page !== null) next = cursorAt(index, page);
      outcomes.push(
        failure && !rows.length ? { tag: "failed", val: this.#error(failure) } : { tag: "done", val: rows.map(item) },
      );
      page = null;
    }
    while (outcomes.length < items.length) outcomes.push({ tag: "not-attempted" });
    return { outcomes, next, resumeAfterMs: undefined, report: report(http.usage) };
  }

  /** One page of an item: its results, and where the next one begins (`null`: nowhere). */
  async #run(http, { run, manifest, inputSchema }, text, page) {
    const input = readInput(text, inputSchema);
    try {
      const answer = await run(http, input, page ?? undefined);
      return manifest.annotations.paginated ? part(answer, manifest.id) : { items: [answer ?? []].flat(), next: null };
    } catch (thrown) {
      if (!(thrown instanceof DryRun)) throw thrown;
      return { items: [thrown.shown], next: null };
    }
  }

  async options(context, connection, name, params, search, cursor) {
    const list = this.#find(this.#definition.lists, "list", name, "name");
    const parameters = readInput(params, list.parameters);
    const page = cursor === undefined ? undefined : parsed(cursor);
    if (cursor !== undefined && (page === undefined || page === null)) throw badCursor();
    const http = this.#http(context, connection);
    const { items, next } = part(await this.#live(() => list.run(http, search, page, parameters)), name);
    const entries = items.map((each) => {
      const { value, label, description } = Array.isArray(each) ? { value: each[0], label: each[1] } : each;
      return {
        value: JSON.stringify(value),
        label: String(label),
        description,
        parent: undefined,
        disabled: false,
        details: undefined,
      };
    });
    return { entries, next: next === null ? undefined : JSON.stringify(next), report: report(http.usage) };
  }

  async poll(context, connection, name, config, state) {
    const trigger = this.#find(this.#definition.triggers, "trigger", name, "name");
    const settings = readInput(config, trigger.configSchema);
    const kept = state === undefined ? undefined : readState(state, name);
    // The first poll is quiet to its last page.
    const begins = kept?.begins ?? kept === undefined;
    const http = this.#http(context, connection);
    const polled = await this.#live(() => trigger.run(http, kept?.state, settings));
    if (!Array.isArray(polled?.items) || polled.state === undefined)
      throw new Failure("internal", "internal", `Internal error: the trigger "${name}" returned no items or no state.`);
    const more = Boolean(polled.more);
    const events = (begins ? [] : polled.items).map((row) => ({
      id: `${name}/${row[trigger.id]}`,
      occurredAt: trigger.time ? row[trigger.time] : undefined,
      item: item(row),
    }));
    return {
      events,
      state: JSON.stringify({ trigger: name, state: polled.state, begins: (begins && more) || undefined }),
      more,
      nextPollMs: trigger.manifest.poll_interval_ms,
      report: report(http.usage),
    };
  }

  async #live(run) {
    try {
      return await run();
    } catch (thrown) {
      if (thrown instanceof DryRun)
        throw new Failure("unsupported", "no-dry-run", "Only operations can be tried in a dry run.");
      throw thrown;
    }
  }

  #find(entries, kind, name, key) {
    const found = entries.find((entry) => entry.manifest[key] === name);
    if (found) return found;
    throw invalid(
      `unknown-${kind}`,
      `There is no ${kind} "${name}".${suggestion(
        name,
        entries.map((entry) => entry.manifest[key]),
      )}`,
    );
  }

  /** What the rules of the call forbid. */
  #permit({ allowedOperations, readOnly, confirmed }, { id, annotations }) {
    const deny = (code, message, advice) => {
      throw new Failure("denied", code, message, { advice });
    };
    if (allowedOperations && !allowedOperations.includes(id))
      deny("not-allowed", `The host does not allow the operation "${id}".`, "Allow it for this workflow.");
    if (readOnly && !annotations.read_only)
      deny("read-only", `"${id}" changes something, and this call may only read.`, "Use a connection that may write.");
    if (!confirmed && (annotations.destructive || annotations.customer_visible))
      deny("needs-confirmation", `"${id}" needs a person's confirmation.`, "Set `confirmed` to run it.");
  }

  #hide(fields, token) {
    const isSecret = (name) =>
      this.#definition.login.spec.fields.some((field) => field.name === name && field.kind === "secret");
    const values = [...fields.filter(({ name }) => isSecret(name)).map(({ value }) => value), token ?? ""];
    this.#secrets = values.filter((value) => value.length >= 4);
  }

  #http(context, { fields, auth }) {
    const { login, title } = this.#definition;
    const session = auth.tag === "session" ? auth.val.token : undefined;
    this.#hide(fields, session);
    let token = session;
    if (auth.tag === "self-managed" && !context.dryRun) {
      if (!login.key) throw hostLogsIn();
      token = login.key(fields);
    }
    const carry = token === undefined ? undefined : () => login.carry(token);
    return new Http({ transport: this.#transport, origin: login.origin(fields), title, carry, context });
  }
}

/** What a function that reads pages returned. */
function part(answer, name) {
  if (!Array.isArray(answer?.items))
    throw new Failure("internal", "internal", `Internal error: "${name}" returned no list \`items\`.`);
  return { items: answer.items, next: answer.next ?? null };
}

const cursorAt = (index, page) => `${index}:${JSON.stringify(page)}`;
const badCursor = () => invalid("invalid-cursor", "The cursor is not one of this operation.");

function readCursor(cursor, count, isPaginated) {
  if (cursor === undefined) return { index: 0, page: null };
  const [, index, text] = /^(\d{1,9}):(.+)$/s.exec(cursor) ?? [];
  const page = text === undefined ? undefined : parsed(text);
  if (page === undefined || Number(index) >= count || (page !== null && !isPaginated)) throw badCursor();
  return { index: Number(index), page };
}

function readState(text, name) {
  const state = parsed(text);
  if (state?.trigger !== name || state.state === undefined)
    throw invalid(
      "invalid-state",
      `The state is not one of the trigger "${name}".`,
      undefined,
      "Start the trigger anew, without a state.",
    );
  return state;
}
