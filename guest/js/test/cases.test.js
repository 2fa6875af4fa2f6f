// What guest/cases.json says of every SDK.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { apiKey, node } from "../src/index.js";
import { readInput } from "../src/input.js";
import { objectSchema } from "../src/schema.js";
import { fake } from "../src/testing.js";

const cases = JSON.parse(readFileSync(new URL("../../cases.json", import.meta.url), "utf8"));

test("fields stand for schemas", () => {
  for (const { fields, schema, fault } of cases.schemas) {
    const faults = [];
    const made = objectSchema(fields, "", faults, true);
    if (fault === undefined) assert.deepEqual([made, faults], [schema, []]);
    else assert.ok(faults.length === 1 && faults[0].includes(fault), `${faults} for ${JSON.stringify(fields)}`);
  }
});

test("inputs are read in every form that the manifest allows", () => {
  for (const { fields, input, read, error, at, message = "" } of cases.inputs) {
    const schema = objectSchema(fields, "", [], true);
    if (read) assert.deepEqual(readInput(JSON.stringify(input), schema), read);
    else
      assert.throws(
        () => readInput(JSON.stringify(input), schema),
        (failure) => {
          assert.deepEqual([failure.code, failure.field], [error, at]);
          return failure.message.includes(message);
        },
      );
  }
});

test("responses become results, repetitions and failures", async () => {
  for (const each of cases.responses) {
    const isRead = each.method === "GET";
    const settings = { run: (http) => http.request(each.method, "/x") };
    const made = node("x", "X", "X.").credentials(apiKey({ header: "x-api-key" }));
    const service = fake(isRead ? made.read("x.y", "Y", settings) : made.write("x.y", "Y", settings));
    for (const [status, body, headers] of each.responses) service.on(`${each.method} /x`, status, body, headers);
    const [outcome] = await service.runAll("x.y", [{}]).catch((error) => [{ failed: error }]);
    const about = JSON.stringify([each, outcome]);
    assert.equal(service.requests.length, each.requests, about);
    assert.equal(outcome.failed?.kind, each.kind, about);
    if (each.kind) assert.equal(outcome.failed.effect, each.effect, about);
    if (each.retry) assert.deepEqual(outcome.failed.retry, { tag: "after-ms", val: each.retry });
    assert.equal(service.requests[0].headers["x-api-key"], "test-token");
  }
});
