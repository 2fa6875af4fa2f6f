// The package in a real n8n. `run.ts` does all; with arguments only the parts
// that are named: `jobs`, `operations`, `triggers`, `templates`, `tool`, `pictures`, `compare`.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { startSim } from '../test/support/sim.ts';
import type { Sim } from '../test/support/sim.ts';
import { compare } from './compare.ts';
import { HALOPSA, N8n, byId, credentialOf, dataOf } from './n8n.ts';
import { operations } from './operations.ts';
import { walk } from './pictures.ts';
import { templates } from './templates.ts';
import { tool } from './tool.ts';
import { triggers } from './triggers.ts';

/** What people do with a service desk, through n8n. */
async function jobs(n8n: N8n, sim: Sim): Promise<void> {
	const data = dataOf(sim);
	const good = await n8n.testCredential('halopsaApi', data);
	assert.equal(good.status, 'OK');
	const bad = await n8n.testCredential('halopsaApi', { ...data, client_secret: 'a-wrong-secret' });
	assert.equal(bad.status, 'Error');
	assert.ok(!bad.message.includes('a-wrong-secret'));
	console.log(`credential: ${good.message}`);
	console.log(`wrong secret: ${bad.message}`);

	const credentials = await credentialOf(n8n, sim, 'jobs');
	const job = (resource: string, operation: string, parameters: object, rest: object = {}) =>
		n8n.job(`${resource} ${operation}`, [
			{ name: 'HaloPSA', type: HALOPSA, parameters: { resource, operation, ...parameters }, credentials, ...rest },
		]);

	for (const [resource, name] of [
		['client', 'Acme'],
		['site', 'Berlin'],
		['user', 'Ada Lovelace'],
		['ticket', 'Printer offline'],
	] as const) {
		const label = resource === 'ticket' ? 'summary' : 'name';
		const parent = { site: { client_id: byId(3) }, user: { site_id: byId(1) } }[resource as 'site' | 'user'] ?? {};
		const create = await job(resource, 'create', {
			[label]: '={{ $json.name }}',
			...parent,
			additionalFields: { ...parent, [label]: '={{ $json.name }}' },
		});
		const { items: [made], error } = await create([{ name }]);
		assert.ok(typeof made?.id === 'number', `${resource}.create: ${error?.message} ${error?.description}`);
		const get = await job(resource, 'get', { id: byId('={{ $json.id }}') });
		assert.equal((await get([{ id: made.id }])).items[0]?.[label], name);
		const update = await job(resource, 'update', { id: byId('={{ $json.id }}'), additionalFields: { [label]: `${name} 2` } });
		assert.equal((await update([{ id: made.id }])).ok, true);
		const list = await job(resource, 'list', { limit: 5 });
		assert.equal((await list([{}])).items.length, 5);
		const remove = await job(resource, 'delete', { id: byId('={{ $json.id }}') });
		assert.equal((await remove([{ id: made.id }])).ok, true);
		console.log(`${resource}: create, get, update, list, delete`);
	}

	const tolerant = await n8n.job('tolerant', [
		{
			name: 'HaloPSA',
			type: HALOPSA,
			parameters: { resource: 'ticket', operation: 'get', id: byId('={{ $json.id }}') },
			credentials,
			onError: 'continueRegularOutput',
		},
	]);
	const { items } = await tolerant([{ id: 1 }, { id: 99999 }, { id: 2 }]);
	assert.deepEqual(items.map((item) => item.id ?? item.code), [1, 'halopsa.record-not-found', 2]);
	console.log('continue on fail: two of three items');
}

const COMPARISON = `# Beside n8n's built-in HaloPSA node

The same n8n (2.36.8), the same simulator, the same jobs: \`examples/n8n/e2e/run compare\` made this table. Each row begins
with a fresh simulator and one run before its trouble; the requests are those that reached the service, logins among them.
Times are those of one run on a shared machine: compare the sizes, not the digits.

Rows on which this node is not ahead: with a page cap of 50 and no latency both read all, page after page; an agent that sees
nothing gets an empty list from both (the credential test of this node says so); where a create was cut off, both end with an
error, and this one says that a second run could make a second ticket.

`;

const parts = new Set(process.argv.slice(2));
const wanted = (name: string) => parts.size === 0 || parts.has(name);
const sim = await startSim();
const n8n = await N8n.start('home');
try {
	if (wanted('jobs')) await jobs(n8n, sim);
	if (wanted('operations')) await operations(n8n, sim);
	if (wanted('triggers')) await triggers(n8n, sim);
	if (wanted('templates')) await templates(n8n, sim);
	if (wanted('tool')) await tool(n8n, sim);
	if (wanted('pictures')) await walk(n8n, sim);
	if (wanted('compare')) {
		const table = await compare(n8n);
		writeFileSync(path.join(import.meta.dirname, '../docs/comparison.md'), `${COMPARISON}${table}\n`);
	}
} finally {
	await n8n.stop();
	sim.stop();
}
process.exit(0);
