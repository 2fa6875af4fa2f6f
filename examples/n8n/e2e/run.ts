// The package in a real n8n. `run.ts` does all; with arguments only the parts
// that are named: `jobs`, `polling`, `pictures`, `compare`.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startSim } from '../test/support/sim.ts';
import type { Sim } from '../test/support/sim.ts';
import { compare } from './compare.ts';
import { N8n } from './n8n.ts';
import { walk } from './pictures.ts';

const PACKAGE = 'n8n-nodes-halopsa-component';

/** What people do with a service desk, through n8n. */
async function jobs(n8n: N8n, sim: Sim): Promise<void> {
	const { url, client_id, client_secret } = sim;
	const data = { hosting_type: 'hosted', url, client_id, client_secret };
	const good = await n8n.testCredential('halopsaApi', data);
	assert.equal(good.status, 'OK');
	const bad = await n8n.testCredential('halopsaApi', { ...data, client_secret: 'a-wrong-secret' });
	assert.equal(bad.status, 'Error');
	assert.ok(!bad.message.includes('a-wrong-secret'));
	console.log(`credential: ${good.message}`);
	console.log(`wrong secret: ${bad.message}`);

	const credentials = { halopsaApi: await n8n.credential('halopsaApi', 'jobs', data) };
	const job = (resource: string, operation: string, parameters: object, rest: object = {}) =>
		n8n.job(`${resource} ${operation}`, [
			{ name: 'HaloPSA', type: `${PACKAGE}.halopsa`, parameters: { resource, operation, ...parameters }, credentials, ...rest },
		]);

	for (const [resource, name] of [
		['client', 'Acme'],
		['site', 'Berlin'],
		['user', 'Ada Lovelace'],
		['ticket', 'Printer offline'],
	] as const) {
		const label = resource === 'ticket' ? 'summary' : 'name';
		const parent = { site: { client_id: id(3) }, user: { site_id: id(1) } }[resource as 'site' | 'user'] ?? {};
		const create = await job(resource, 'create', {
			[label]: '={{ $json.name }}',
			...parent,
			additionalFields: { ...parent, [label]: '={{ $json.name }}' },
		});
		const { items: [made], error } = await create([{ name }]);
		assert.ok(typeof made?.id === 'number', `${resource}.create: ${error?.message} ${error?.description}`);
		const get = await job(resource, 'get', { id: id('={{ $json.id }}') });
		assert.equal((await get([{ id: made.id }])).items[0]?.[label], name);
		const update = await job(resource, 'update', { id: id('={{ $json.id }}'), additionalFields: { [label]: `${name} 2` } });
		assert.equal((await update([{ id: made.id }])).ok, true);
		const list = await job(resource, 'list', { limit: 5 });
		assert.equal((await list([{}])).items.length, 5);
		const remove = await job(resource, 'delete', { id: id('={{ $json.id }}') });
		assert.equal((await remove([{ id: made.id }])).ok, true);
		console.log(`${resource}: create, get, update, list, delete`);
	}

	const tolerant = await n8n.job('tolerant', [
		{
			name: 'HaloPSA',
			type: `${PACKAGE}.halopsa`,
			parameters: { resource: 'ticket', operation: 'get', id: id('={{ $json.id }}') },
			credentials,
			onError: 'continueRegularOutput',
		},
	]);
	const { items } = await tolerant([{ id: 1 }, { id: 99999 }, { id: 2 }]);
	assert.deepEqual(items.map((item) => item.id ?? item.code), [1, 'halopsa.record-not-found', 2]);
	console.log('continue on fail: two of three items');
}

const id = (value: unknown) => ({ __rl: true, mode: 'id', value });

/** A new ticket starts a workflow at the next poll: n8n polls once a minute at most. */
async function polling(n8n: N8n, sim: Sim): Promise<void> {
	const { url, client_id, client_secret } = sim;
	const data = { hosting_type: 'hosted', url, client_id, client_secret };
	const credentials = { halopsaApi: await n8n.credential('halopsaApi', 'polling', data) };
	const workflow = await n8n.save('polling', [
		{
			name: 'New ticket',
			type: `${PACKAGE}.halopsaPollingTrigger`,
			parameters: {
				event: 'ticket.created',
				pollTimes: { item: [{ mode: 'everyMinute' }] },
			},
			credentials,
		},
		{ name: 'End', type: 'n8n-nodes-base.noOp' },
	]);
	await n8n.activate(workflow);
	// The first poll, at once, says where to begin.
	await sleep(3000);
	const create = await n8n.job('for polling', [
		{
			name: 'HaloPSA',
			type: `${PACKAGE}.halopsa`,
			parameters: { resource: 'ticket', operation: 'create', summary: 'Seen by a poll' },
			credentials,
		},
	]);
	const [made] = (await create([{}])).items;
	const seen: unknown[] = [];
	for (let tries = 0; tries < 26 && seen.length === 0; tries += 1) {
		await sleep(5000);
		for (const { id: execution } of await n8n.executions(workflow.id)) {
			const { runData } = (await n8n.execution(execution)).resultData;
			seen.push(...(runData['New ticket']?.[0]?.data?.main[0] ?? []).map(({ json }) => json.id));
		}
	}
	await n8n.deactivate(workflow);
	assert.deepEqual(seen, [made?.id]);
	console.log(`polling: ticket ${String(made?.id)} started a workflow, once`);
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
	if (wanted('polling')) await polling(n8n, sim);
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
