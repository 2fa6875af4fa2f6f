#!/usr/bin/env node
// node build.mjs NODE.js -o RAW.wasm: a raw component of the node that a module exports
// by default. `host-test pack` makes the node of it.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  copyFileSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const SECTION = "workflow-node:manifest";
/** Everything that the engine could import and the SDK does without. */
const DISABLED = ["stdio", "random", "clocks", "http", "fetch-event"];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** A folder of the repository, or its copy in a published package. */
const shared = (copy, original) => (existsSync(here(copy)) ? here(copy) : here(original));

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { output: { type: "string", short: "o" } },
  });
  const [file] = positionals;
  if (!file || !values.output || positionals.length > 1) throw new Error("usage: node build.mjs NODE.js -o RAW.wasm");
  const definition = await load(resolve(file));
  const manifest = JSON.stringify(definition.manifest());
  const folder = mkdtempSync(join(tmpdir(), "workflow-node-"));
  try {
    writeWit(folder, definition);
    const source = await bundle(resolve(file), definition);
    const { componentize } = await import("@bytecodealliance/componentize-js");
    const { component } = await componentize(source, {
      witPath: join(folder, "wit"),
      worldName: "component",
      disableFeatures: DISABLED,
    });
    writeFileSync(values.output, withSection(component, manifest));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function load(file) {
  if (!existsSync(file)) throw new Error(`${file} does not exist`);
  const { default: definition } = await import(pathToFileURL(file));
  if (typeof definition?.manifest !== "function")
    throw new Error(`${basename(file)} must export a node by default: export default node(…)`);
  return definition;
}

/** The interfaces that a node has. */
const interfaces = (definition) => [
  "types",
  "node",
  "setup",
  ...(definition.lists.length ? ["lookup"] : []),
  ...(definition.triggers.length ? ["triggers"] : []),
];

function writeWit(folder, definition) {
  const copy = (from, to) => {
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(from).filter((name) => name.endsWith(".wit")))
      copyFileSync(join(from, name), join(to, name));
  };
  copy(shared("wit/node", "../../wit"), join(folder, "wit/deps/workflow-node"));
  const wasi = shared("wit/wasi", "../wit/wasi");
  for (const name of readdirSync(wasi)) {
    mkdirSync(join(folder, "wit/deps", basename(name, ".wit")), { recursive: true });
    copyFileSync(join(wasi, name), join(folder, "wit/deps", basename(name, ".wit"), name));
  }
  const imports = [
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
  ];
  const exports = interfaces(definition).map((name) => `workflow:node/${name}@0.2.0`);
  const lines = [...imports.map((name) => `  import ${name};`), ...exports.map((name) => `  export ${name};`)];
  writeFileSync(
    join(folder, "wit/world.wit"),
    `package guest:component;\n\nworld component {\n${lines.join("\n")}\n}\n`,
  );
}

async function bundle(file, definition) {
  const { build } = await import("esbuild");
  const entry = `
    import definition from ${JSON.stringify(file)};
    import { component } from ${JSON.stringify(here("src/runtime.js"))};
    import { transport } from ${JSON.stringify(here("src/wasi.js"))};
    const made = component(definition, transport);
    ${interfaces(definition)
      .map((name) => `export const ${name} = made.${name};`)
      .join("\n")}
  `;
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: here("."), loader: "js" },
    alias: { "workflow-node-sdk": here("src/index.js") },
    bundle: true,
    format: "esm",
    write: false,
    external: ["wasi:*"],
    target: "es2022",
    logLevel: "silent",
  });
  return outputFiles[0].text;
}

/** The component with the manifest behind it. */
function withSection(component, manifest) {
  const length = (count) => {
    const bytes = [];
    for (; count > 127; count >>>= 7) bytes.push((count & 127) | 128);
    return Buffer.from([...bytes, count]);
  };
  const name = Buffer.from(SECTION);
  const body = Buffer.concat([length(name.length), name, Buffer.from(manifest)]);
  return Buffer.concat([component, Buffer.from([0]), length(body.length), body]);
}

main().catch((error) => {
  console.error(`The node cannot be built: ${error.message}`);
  process.exitCode = 1;
});
