// The HaloPSA node of npm's `n8n-nodes-base` against the simulator: all its
// operations and dropdowns, with a small execution context in place of n8n.
//
//   HALO_SIM='{"url":…}' node n8n_node.mjs FOLDER-OF-THE-PACKAGE

import assert from 'node:assert/strict';
import Module, { createRequire } from 'node:module';
import path from 'node:path';

const sim = JSON.parse(process.env.HALO_SIM);
const folder = path.resolve(process.argv[2]);

// The node needs two names of `n8n-workflow`, which is large: a stub will do.
class NodeApiError extends Error {
  constructor(node, error) {
    super(error.message);
  }
}
const workflow = { NodeApiError, NodeConnectionTypes: { Main: 'main' } };
const load = Module._load;
Module._load = function (request, ...rest) {
  return request === 'n8n-workflow' ? workflow : load.call(this, request, ...rest);
};
const require = createRequire(import.meta.url);
const { HaloPSA } = require(path.join(folder, 'dist/nodes/HaloPSA/HaloPSA.node.js'));
const { version } = require(path.join(folder, 'package.json'));

const credentials = {
  hostingType: 'hostedHalo',
  authUrl: `${sim.url}/auth`,
  resourceApiUrl: `${sim.url}/api`,
  tenant: sim.tenant,
  client_id: sim.client_id,
  client_secret: sim.client_secret,
  scope: 'admin edit:tickets edit:customers',
};

// What n8n's request helper does: errors carry status and body in their text.
async function request({ uri, method, headers, qs, form, body }) {
  const url = new URL(uri);
  // `fetch` manages connections itself.
  const { Connection, ...sent } = headers;
  for (const [name, value] of Object.entries(qs ?? {})) url.searchParams.set(name, String(value));
  const answer = await fetch(url, {
    method,
    headers: sent,
    body: form ? new URLSearchParams(form) : body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} - ${text}`);
  return JSON.parse(text);
}

function context(parameters = {}) {
  return {
    logger: { debug() {} },
    helpers: {
      request,
      returnJsonArray: (data) => (Array.isArray(data) ? data : [data]).map((json) => ({ json })),
      constructExecutionMetaData: (data) => data,
    },
    getCredentials: async () => credentials,
    getNode: () => ({ name: 'HaloPSA' }),
    getInputData: () => [{ json: {} }],
    continueOnFail: () => false,
    getNodeParameter(name) {
      assert.ok(name in parameters, `the node asks for ${name}`);
      return parameters[name];
    },
  };
}

const node = new HaloPSA();
const passed = [];

async function run(resource, operation, parameters) {
  const [items] = await node.execute.call(context({ resource, operation, ...parameters }));
  passed.push(`${resource}.${operation}`);
  return items.map((item) => item.json);
}

// One of each kind: create, read, list in both ways, change, delete.
const kinds = [
  {
    resource: 'client', id: 'clientId', field: 'name', total: 31,
    create: { clientName: 'Größe & Söhne 📐', additionalFields: { website: 'https://x.example' } },
    update: { name: 'Umbenannt' },
  },
  {
    resource: 'site', id: 'siteId', field: 'name',
    create: { siteName: 'Werk Süd', clientId: 12, additionalFields: {} },
    update: { name: 'Werk Nord' },
  },
  {
    resource: 'user', id: 'userId', field: 'name',
    create: { userName: 'Zoë Ärmel', siteId: 2, additionalFields: { emailaddress: 'zoe@client.example' } },
    update: { name: 'Zoë Öhr' },
  },
  {
    resource: 'ticket', id: 'ticketId', field: 'summary', total: 718,
    create: { summary: 'Gehäuse', details: 'x', ticketType: 1, additionalFields: { clientId: 12 } },
    update: { summary: 'Gehäuse neu' },
  },
];

for (const kind of kinds) {
  const { resource } = kind;
  const [created] = await run(resource, 'create', kind.create);
  assert.ok(created.id > 0, `${resource} has an id`);
  const which = { [kind.id]: created.id };
  const [read] = await run(resource, 'get', { ...which, simplify: false });
  assert.equal(read[kind.field], created[kind.field]);
  const [simple] = await run(resource, 'get', { ...which, simplify: true });
  assert.ok(Object.keys(simple).length < 10);
  const all = await run(resource, 'getAll', { filters: {}, returnAll: true, simplify: true });
  assert.equal(new Set(all.map((row) => row.id)).size, all.length, 'no row twice');
  assert.ok(all.some((row) => row.id === created.id));
  if (kind.total) assert.equal(all.length, kind.total, resource);
  const few = await run(resource, 'getAll', { filters: {}, returnAll: false, limit: 3, simplify: false });
  assert.equal(few.length, 3);
  await run(resource, 'update', { ...which, updateFields: kind.update });
  const [changed] = await run(resource, 'get', { ...which, simplify: false });
  assert.equal(changed[kind.field], kind.update[kind.field]);
  const [gone] = await run(resource, 'delete', which);
  assert.deepEqual(gone, { success: true });
  await assert.rejects(run(resource, 'get', { ...which, simplify: false }), /404/);
}

const active = { returnAll: true, simplify: true };
const whole = await run('client', 'getAll', { ...active, filters: { activeStatus: 'all' } });
const alive = await run('client', 'getAll', { ...active, filters: { activeStatus: 'active' } });
const asleep = await run('client', 'getAll', { ...active, filters: { activeStatus: 'inactive' } });
assert.deepEqual([whole.length, alive.length, asleep.length], [32, 30, 2]);

for (const [name, method] of Object.entries(node.methods.loadOptions)) {
  const options = await method.call(context());
  assert.ok(options.length > 1 && options.every((option) => option.name && option.value), name);
  passed.push(name);
}
const good = await node.methods.credentialTest.haloPSAApiCredentialTest.call(context(), { data: credentials });
assert.equal(good.status, 'OK');
const wrong = { ...credentials, client_secret: 'wrong' };
const bad = await node.methods.credentialTest.haloPSAApiCredentialTest.call(context(), { data: wrong });
assert.equal(bad.status, 'Error');
passed.push('credential test');

const operations = [...new Set(passed)];
console.log(`n8n-nodes-base ${version}: ${operations.length} operations: ${operations.join(', ')}`);
