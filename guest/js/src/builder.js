// A node as a value: what its author declares, and the manifest of it.

import { none } from "./credentials.js";
import { readInput } from "./input.js";
import { suggestion } from "./nearest.js";
import { objectSchema, titleOf } from "./schema.js";

const CONTRACT = "workflow:node@0.2.0";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Members that an operation, a list and a trigger take. */
const MEMBERS = {
  operation: [
    "confirmWhen",
    "customerVisible",
    "description",
    "destructive",
    "essential",
    "example",
    "examples",
    "idempotent",
    "input",
    "output",
    "run",
    "scopes",
  ],
  list: ["description", "parameters", "run"],
  trigger: ["config", "description", "everyMs", "id", "output", "run", "sample", "time"],
};

const READS = { read_only: true, destructive: false, customer_visible: false, idempotent: true, dry_run: true };

/** Begins a node. `more` has `version`, `license`, `keywords` and `documentationUrl`. */
export function node(name, title, description, more = {}) {
  return new Definition(name, title, description, more);
}

export class Definition {
  #head;
  #faults = [];
  #login;
  #made;
  operations = [];
  lists = [];
  triggers = [];
  accountOf;

  constructor(
    name,
    title,
    description,
    { version = "0.1.0", license = "UNLICENSED", keywords, documentationUrl } = {},
  ) {
    this.name = name;
    this.title = title;
    this.#head = { name, title, version, description, license, documentation_url: documentationUrl, keywords };
  }

  /** How the node logs in; once. */
  credentials(login) {
    if (this.#login) this.#faults.push("/credentials: credentials() is called twice");
    this.#login = login;
    return this;
  }

  /** Whom the credentials belong to: `run(http)` returns a name, for the check. */
  account(run) {
    this.accountOf = run;
    return this;
  }

  /** Reads page by page: `run(http, input, page)` returns `{ items, next }`. */
  list(id, title, settings) {
    return this.#operation(id, title, settings, { ...READS, paginated: true });
  }

  /** Reads at once: `run(http, input)` returns a result or an array of them. */
  read(id, title, settings) {
    return this.#operation(id, title, settings, { ...READS, paginated: false });
  }

  /** Changes something: `run(http, input)`, as `read`. Marks: `destructive`, `customerVisible`, `idempotent`. */
  write(id, title, settings) {
    const { destructive = false, customerVisible = false, idempotent = false } = settings ?? {};
    const marks = {
      read_only: false,
      destructive,
      customer_visible: customerVisible,
      idempotent,
      paginated: false,
      dry_run: true,
    };
    return this.#operation(id, title, settings, marks);
  }

  #operation(id, title, settings, annotations) {
    const at = `/operations/${this.operations.length}`;
    this.#known(
      "operation",
      at,
      settings,
      annotations.read_only ? ["customerVisible", "destructive", "idempotent"] : [],
    );
    const { run, description, input, output, example, examples, scopes = [], essential, confirmWhen } = settings ?? {};
    const inputSchema = objectSchema(input, `${at}/input`, this.#faults, true);
    const given = examples ?? (example || !inputSchema.required ? [{ title: title, input: example ?? {} }] : []);
    if (!given.length) this.#faults.push(`${at}: "${id}" has required fields and no example. Add \`example: { … }\``);
    const resource = id.includes(".") ? id.split(".")[0] : undefined;
    const manifest = {
      id,
      resource,
      title,
      description: description ?? `${title}.`,
      annotations,
      confirm_when: confirmWhen,
      scopes,
      input: inputSchema,
      output: output ? objectSchema(output, `${at}/output`, this.#faults, false) : { type: "object" },
      essential,
      examples: given,
    };
    this.operations.push({ manifest, run, inputSchema });
    return this;
  }

  /**
   * A list for dropdowns: `run(http, search, page, parameters)` returns `{ items, next }`;
   * an item is `[value, label]`, or an object with `value`, `label` and `description`.
   */
  options(name, title, run, settings = {}) {
    const at = `/lists/${this.lists.length}`;
    this.#known("list", at, { ...settings, run });
    const parameters = objectSchema(settings.parameters, `${at}/parameters`, this.#faults, true);
    const manifest = {
      name,
      title,
      description: settings.description ?? `${title}.`,
      kind: "values",
      parameters,
      searchable: run.length > 1,
      tree: false,
    };
    this.lists.push({ manifest, run, parameters });
    return this;
  }

  /**
   * A polling trigger: `run(http, state, config)` returns `{ items, state, more }`. `state`
   * is `undefined` in the first poll, whose items are dropped. `id` and `time` name the
   * members of an item that identify the event and say when it occurred.
   */
  poll(name, title, settings) {
    const at = `/triggers/${this.triggers.length}`;
    this.#known("trigger", at, settings);
    const { run, description, output, config, everyMs = 60_000, sample, id = "id", time } = settings ?? {};
    const configSchema = objectSchema(config, `${at}/config`, this.#faults, true);
    const manifest = {
      name,
      resource: name.includes(".") ? name.split(".")[0] : undefined,
      title,
      description: description ?? `${title}.`,
      config: configSchema,
      output: output ? objectSchema(output, `${at}/output`, this.#faults, false) : { type: "object" },
      modes: ["poll"],
      poll_interval_ms: everyMs,
      sample,
    };
    this.triggers.push({ manifest, run, configSchema, id, time });
    return this;
  }

  #known(kind, at, settings, excluded = []) {
    if (typeof settings?.run !== "function") this.#faults.push(`${at}: there is no function \`run\``);
    const known = MEMBERS[kind].filter((member) => !excluded.includes(member));
    for (const member of Object.keys(settings ?? {})) {
      if (!known.includes(member))
        this.#faults.push(`${at}: there is no member "${member}" here.${suggestion(member, known)}`);
    }
  }

  /** How the node logs in. */
  get login() {
    return (this.#login ??= none());
  }

  /**
   * The manifest. Throws where declarations contradict each other, with all the places.
   */
  manifest() {
    if (this.#made) return this.#made;
    const manifest = JSON.parse(
      JSON.stringify({
        contract: CONTRACT,
        ...this.#head,
        credentials: this.login.spec,
        resources: this.#resources(),
        operations: this.operations.map((each) => each.manifest),
        lists: this.lists.map((each) => each.manifest),
        triggers: this.triggers.map((each) => each.manifest),
      }),
    );
    const faults = [...this.#faults, ...contradictions(manifest)];
    if (faults.length) throw new Error(`The node "${this.name}" contradicts itself:\n  ${faults.join("\n  ")}`);
    return (this.#made = manifest);
  }

  #resources() {
    const names = [...this.operations, ...this.triggers].map((each) => each.manifest.resource);
    return [...new Set(names)].filter(Boolean).map((name) => ({ name, title: titleOf(name) }));
  }
}

/** What in a manifest refers to something that is not there, or is there twice. */
function contradictions(manifest) {
  const faults = [];
  for (const [kind, key] of [
    ["operations", "id"],
    ["lists", "name"],
    ["triggers", "name"],
  ]) {
    const seen = new Map();
    manifest[kind].forEach((entry, index) => {
      const [name, at] = [entry[key], `/${kind}/${index}`];
      if (!NAME.test(name)) faults.push(`${at}: "${name}" is not a name: letters, digits, ".", "-" and "_"`);
      if (seen.has(name))
        faults.push(`"${name}" is declared twice: at ${seen.get(name)} and at ${at} ("${entry.title}")`);
      else seen.set(name, `${at} ("${entry.title}")`);
    });
  }
  const lists = new Map(manifest.lists.map((list) => [list.name, list]));
  for (const [kind, side] of [
    ["operations", "input"],
    ["triggers", "config"],
  ]) {
    manifest[kind].forEach((entry, index) => {
      for (const [place, options] of references(entry[side], `/${kind}/${index}/${side}`))
        faults.push(...badReference(place, options, lists, entry[side]));
    });
  }
  manifest.operations.forEach((operation, index) => {
    operation.examples.forEach((example, number) => {
      try {
        readInput(JSON.stringify(example.input), operation.input);
      } catch (failure) {
        const at = `/operations/${index}`;
        faults.push(
          `${at}/examples/${number}/input${failure.field ?? ""} does not fit ${at}/input: ${failure.message}`,
        );
      }
    });
  });
  return faults;
}

/** Every `x-options` in a schema, with its place. */
function references(schema, at) {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === "x-options" ? [[at, value]] : references(value, `${at}/${key}`),
  );
}

function badReference(place, { list, parameters = {} }, lists, input) {
  const found = lists.get(list);
  if (!found) {
    const there = lists.size
      ? `/lists has only ${[...lists.keys()].map((name) => `"${name}"`).join(", ")}`
      : "/lists is empty";
    return [`${place} takes values of the list "${list}", and ${there}.${suggestion(list, lists.keys())}`];
  }
  const faults = [];
  const declared = Object.keys(found.parameters.properties);
  for (const [name, pointer] of Object.entries(parameters)) {
    if (!declared.includes(name))
      faults.push(
        `${place} passes "${name}" to the list "${list}", whose parameters are: ${declared.join(", ") || "none"}`,
      );
    if (!input.properties[pointer.slice(1)])
      faults.push(`${place} passes the field "${pointer}" to the list "${list}", and there is no such field beside it`);
  }
  for (const name of found.parameters.required ?? []) {
    if (!(name in parameters)) faults.push(`${place} does not pass "${name}", which the list "${list}" requires`);
  }
  return faults;
}
