import assert from "node:assert/strict";
import { test } from "node:test";

import { apiKey, basic, fail, node, oauth2ClientCredentials } from "../src/index.js";
import { fake } from "../src/testing.js";

const run = async () => ({});
const todo = () =>
  node("todo", "To-do list", "To-dos.", { license: "MIT" }).credentials(apiKey({ header: "x-api-key" }));

test("contradictions are told with both places", () => {
  const made = todo()
    .list("todo.list", "List to-dos", { input: { tag: "string @tgas" }, run })
    .read("todo.list", "Get a to-do", { input: { id: "integer!" }, example: { id: "x" }, run })
    .write("todo.add", "Add", { input: { title: "string!" }, descriptoin: "", run })
    .options("tags", "Tags", run)
    .credentials(basic());
  assert.throws(
    () => made.manifest(),
    (error) => {
      for (const part of [
        '"todo.list" is declared twice: at /operations/0 ("List to-dos") and at /operations/1 ("Get a to-do")',
        '/operations/0/input/properties/tag takes values of the list "tgas", and /lists has only "tags". Did you mean "tags"?',
        '/operations/1/examples/0/input/id does not fit /operations/1/input: "Id" must be a whole number.',
        '/operations/2: there is no member "descriptoin" here. Did you mean "description"?',
        '/operations/2: "todo.add" has required fields and no example',
        "credentials() is called twice",
      ])
        assert.ok(error.message.includes(part), `${part}\nis not in\n${error.message}`);
      return true;
    },
  );
});

test("parameters of a list lead to fields beside it", () => {
  const made = todo()
    .read("todo.find", "Find", {
      input: { site: { type: "integer", options: { list: "sites", parameters: { client: "/clinet" } } } },
      run,
    })
    .options("sites", "Sites", run, { parameters: { client: "integer!" } });
  assert.throws(() => made.manifest(), /passes the field "\/clinet"/);
});

test("a call of many pages is cut and goes on where it was", async () => {
  const made = todo().list("todo.list", "List", {
    run: async (http, input, page = 1) => ({ items: [page], next: page < 25 ? page + 1 : null }),
  });
  assert.equal((await fake(made).run("todo.list")).length, 25);
});

test("what was read before a failure is delivered", async () => {
  const made = todo().list("todo.list", "List", {
    run: async (http, input, page = 1) =>
      page < 3 ? { items: [page], next: page + 1 } : fail("conflict", "cut", "The list was cut."),
  });
  const [outcome] = await fake(made).runAll("todo.list", [{}]);
  assert.equal(outcome.failed.code, "todo.cut");
});

test("rules of the call are kept", async () => {
  const service = fake(todo().write("todo.drop", "Drop", { destructive: true, run }));
  const code = (call) =>
    service.run("todo.drop", {}, call).then(
      () => "done",
      (error) => error.code,
    );
  assert.equal(await code({ readOnly: true }), "todo.read-only");
  assert.equal(await code({ allowedOperations: [] }), "todo.not-allowed");
  assert.equal(await code({ confirmed: false }), "todo.needs-confirmation");
  assert.equal(await code({}), "done");
});

test("a dry run shows the request and sends nothing", async () => {
  const service = fake(todo().write("todo.add", "Add", { run: (http) => http.post("/todos", { title: "x" }) }));
  assert.deepEqual(await service.run("todo.add", {}, { dryRun: true }), [
    { dry_run: true, method: "POST", url: "https://service.test/todos", body: { title: "x" } },
  ]);
  assert.equal(service.requests.length, 0);
});

test("a write after which another failed was applied", async () => {
  const service = fake(
    todo().write("todo.add", "Add", {
      async run(http) {
        await http.post("/todos");
        return http.post("/notes");
      },
    }),
  )
    .on("POST /todos", 201, {})
    .on("POST /notes", 409);
  await assert.rejects(service.run("todo.add"), { effect: "applied", kind: "conflict" });
});

test("secrets and faults of the node are in no message", async () => {
  const service = fake(
    todo().read("todo.get", "Get", {
      run: () => {
        throw new TypeError("test-api_key and test-token");
      },
    }),
  );
  await assert.rejects(service.run("todo.get"), {
    kind: "internal",
    message: "Internal error: TypeError: *** and ***",
  });
});

test("a refused session fails the call, so that a host logs in anew", async () => {
  const service = fake(todo().read("todo.get", "Get", { run: (http) => http.get("/x") })).on("GET /x", 401);
  await assert.rejects(service.runAll("todo.get", [{}, {}]), { kind: "unauthenticated" });
});

test("garbage as cursor or state is refused", async () => {
  const made = todo().poll("todo.new", "New", { run: async () => ({ items: [], state: 1 }) });
  for (const state of ["", "x", "1", "{}", '{"trigger":"other","state":1}'])
    await assert.rejects(fake(made).poll("todo.new", state), { code: "todo.invalid-state" });
});

test("each call has other ids", async () => {
  const service = fake(todo().read("todo.get", "Get", { run: async (http) => [http.uuid(), http.uuid()] }));
  const [one, other] = await service.run("todo.get");
  assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(one, other);
});

test("addresses are cleaned", async () => {
  const cleaned = (url) => apiKey({ header: "x" }).origin([{ name: "url", value: url }]);
  assert.equal(cleaned("service.example.com"), "https://service.example.com");
  assert.equal(cleaned("HTTP://Service.example.com:80/path?x=1"), "http://service.example.com");
  assert.equal(cleaned("https://[::1]:8443/"), "https://[::1]:8443");
  for (const typed of ["ftp://x", "https://user:secret@x", "https://", "https://x:port"])
    assert.throws(() => cleaned(typed), { field: "/url" });
});

test("the host logs in where only a recipe can", () => {
  const { credentials } = node("x", "X", "X.")
    .credentials(oauth2ClientCredentials({ tokenUrl: "{url}/token" }))
    .manifest();
  assert.deepEqual(credentials.egress, ["{url}"]);
  assert.equal(credentials.auth_recipe.oauth2_client_credentials.token_url, "{url}/token");
});

test("an id leads to no other record", async () => {
  const made = todo().read("todo.get", "Get", { input: { id: "string!" }, example: { id: "1" }, run: (http, { id }) => http.get(`/todos/${id}`) });
  for (const id of ["..", "../users/1", "%2E%2e/users", "a/../../b", "..\\users"]) {
    const service = fake(made);
    const [outcome] = await service.runAll("todo.get", [{ id }]);
    assert.equal(outcome.failed.code, "todo.invalid-value", id);
  }
});

test("a first poll is quiet to its last page", async () => {
  const made = todo().poll("todo.new", "New", {
    run: async (http, last = 0) => ({ items: [{ id: last + 1 }], state: last + 1, more: last < 2 }),
  });
  let state;
  for (const count of [0, 0, 0, 1]) {
    const polled = await fake(made).poll("todo.new", state);
    assert.equal(polled.events.length, count);
    state = polled.state;
  }
});
