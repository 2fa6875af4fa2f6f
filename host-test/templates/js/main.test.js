import assert from "node:assert/strict";
import { test } from "node:test";

import { fake } from "workflow-node-sdk/testing";

import definition from "./main.js";

const item = (id) => ({ id, title: "First item", folder_id: null });

test("every page is listed", async () => {
  const service = fake(definition)
    .on("GET /items?page=1&folder=2", 200, { data: [item(1)], next_page: 2 })
    .on("GET /items?page=2&folder=2", 200, { data: [item(2)], next_page: null });
  assert.deepEqual(await service.run("item.list", { folder_id: 2 }), [item(1), item(2)]);
});

test("an item without a title is refused before a request", async () => {
  const service = fake(definition);
  await assert.rejects(service.run("item.create", {}), { field: "/title" });
  assert.equal(service.requests.length, 0);
});

test("an item whose response was lost is not created again", async () => {
  const service = fake(definition).on("POST /items", "broken");
  await assert.rejects(service.run("item.create", { title: "First item" }), { effect: "unknown" });
});

test("folders are searched", async () => {
  const service = fake(definition).on("GET /folders?page=1&q=gar", 200, {
    data: [{ id: 3, name: "Garden" }],
    next_page: null,
  });
  const [folder] = await service.options("folders", { search: "gar" });
  assert.deepEqual([folder.value, folder.label], [3, "Garden"]);
});
