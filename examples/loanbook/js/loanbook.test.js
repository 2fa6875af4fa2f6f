import assert from "node:assert/strict";
import { test } from "node:test";

import { fake } from "workflow-node-sdk/testing";

import loanbook from "./loanbook.js";

const loan = (id) => ({ id, title: `Loan ${id}`, borrower: null, shelf_id: 1, created_at: "2026-03-01T10:00:00Z" });

test("a list is read to its end", async () => {
  const service = fake(loanbook)
    .on("GET /v1/loans?page=1&shelf=2", 200, { data: [loan(1), loan(2)], next_page: 2 })
    .on("GET /v1/loans?page=2&shelf=2", 200, { data: [loan(3)], next_page: null });
  const rows = await service.run("loan.list", { shelf_id: "2" });
  assert.deepEqual(
    rows.map((row) => row.id),
    [1, 2, 3],
  );
});

test("a loan that does not exist fails its item only", async () => {
  const service = fake(loanbook)
    .on("GET /v1/loans/1", 200, loan(1))
    .on("GET /v1/loans/9", 404, { error: { message: "no such loan" } });
  const [missing, found] = await service.runAll("loan.get", [{ id: 9 }, { id: 1 }]);
  assert.equal(missing.failed.code, "loanbook.not-found");
  assert.equal(missing.failed.vendorMessage, "no such loan");
  assert.equal(found.done[0].title, "Loan 1");
});

test("a loan whose response was lost is not created again", async () => {
  const service = fake(loanbook).on("POST /v1/loans", "broken");
  await assert.rejects(service.run("loan.create", { title: "Drill" }), { effect: "unknown" });
  assert.equal(service.requests.length, 1);
});

test("shelves are searched", async () => {
  const service = fake(loanbook).on("GET /v1/shelves?page=1&q=lad", 200, {
    data: [{ id: 2, name: "Ladders" }],
    next_page: null,
  });
  const [shelf] = await service.options("shelves", { search: "lad" });
  assert.deepEqual([shelf.value, shelf.label], [2, "Ladders"]);
});

test("the first poll is quiet, the next one has what is new", async () => {
  const service = fake(loanbook)
    .on("GET /v1/loans?order=desc&per_page=1", 200, { data: [loan(7)], next_page: null })
    .on("GET /v1/loans?after_id=7&per_page=100", 200, { data: [loan(8)], next_page: null });
  const first = await service.poll("loan.created");
  assert.deepEqual(first.events, []);
  const second = await service.poll("loan.created", first.state);
  assert.deepEqual(
    second.events.map((event) => event.id),
    ["loan.created/8"],
  );
});
