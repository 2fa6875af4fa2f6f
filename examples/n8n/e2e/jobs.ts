// What people do with a service desk, through n8n, and what goes wrong on the way.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Sim } from '../test/support/sim.ts';
import type { N8n, Node, Result } from './n8n.ts';
import { HALOPSA, byId, credentialOf, dataOf } from './n8n.ts';

type Job = (items: unknown[], timeout?: number) => Promise<Result>;
/** A workflow with one of our nodes, and what stands around it. */
type Make = (name: string, parameters: object, around?: { before?: Node[]; after?: Node[]; rest?: object }) => Promise<Job>;

export async function jobs(n8n: N8n, sim: Sim): Promise<void> {
	await checks(n8n, sim);
	const credentials = await credentialOf(n8n, sim, 'jobs');
	const make: Make = (name, parameters, { before = [], after = [], rest = {} } = {}) =>
		n8n.job(name, [...before, { name: 'HaloPSA', type: HALOPSA, parameters, credentials, ...rest }, ...after]);
	await lives(make);
	await files(make);
	await manyItems(make);
	await typedWrong(make);
	await failures(make);
	await sessions(make, sim);
	await together(n8n, make, sim);
}

async function checks(n8n: N8n, sim: Sim): Promise<void> {
	const data = dataOf(sim);
	const good = await n8n.testCredential('halopsaApi', data);
	assert.equal(good.status, 'OK');
	const bad = await n8n.testCredential('halopsaApi', { ...data, client_secret: 'a-wrong-secret' });
	assert.equal(bad.status, 'Error');
	assert.ok(!bad.message.includes('a-wrong-secret'));
	console.log(`credential: ${good.message}`);
	console.log(`wrong secret: ${bad.message}`);
	await sim.control('faults', { quirk: 'agent-sees-nothing' });
	const blind = await n8n.testCredential('halopsaApi', data);
	await sim.control('faults', undefined, 'DELETE');
	assert.equal(blind.status, 'Error', 'n8n shows no other text');
	assert.match(blind.message, /Connected as .*, but: .*team/i);
	console.log(`an agent that sees nothing: ${blind.message}`);
}

/** A record from its making to its end. */
async function lives(make: Make): Promise<void> {
	for (const [resource, label, more] of [
		['client', 'name', {}],
		['site', 'name', { client_id: byId(3) }],
		['ticket', 'summary', {}],
	] as const) {
		const named = { [label]: '={{ $json.name }}', ...more };
		const job = (operation: string, parameters: object) =>
			make(`${resource} ${operation}`, { resource, operation, ...parameters });
		const id = byId('={{ $json.id }}');
		const { items: [made], error } = await (await job('create', named))([{ name: 'Acme' }]);
		assert.ok(typeof made?.id === 'number', `${resource}.create: ${error?.message} ${error?.description}`);
		assert.equal((await (await job('get', { id }))([made])).items[0]?.[label], 'Acme');
		assert.ok((await (await job('update', { id, [label]: 'Acme 2', additionalFields: { [label]: 'Acme 2' } }))([made])).ok);
		assert.equal((await (await job('get again', { operation: 'get', id }))([made])).items[0]?.[label], 'Acme 2');
		assert.ok((await (await job('delete', { id }))([made])).ok);
		console.log(`${resource}: create, get, update, delete`);
	}
}

/** Every byte comes back. */
async function files(make: Make): Promise<void> {
	const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256)).toString('base64');
	const file: Node = {
		name: 'File',
		type: 'n8n-nodes-base.convertToFile',
		typeVersion: 1.1,
		parameters: { operation: 'toBinary', sourceProperty: 'bytes', options: { fileName: 'scan.bin', mimeType: 'application/x-scan' } },
	};
	const back: Node = {
		name: 'Back',
		type: 'n8n-nodes-base.extractFromFile',
		parameters: { operation: 'binaryToPropery', options: { keepSource: 'both' } },
	};
	const upload = await make('upload', { resource: 'attachment', operation: 'upload', ticket_id: byId(17), inputFiles: 'data' }, { before: [file] });
	const { items: [made] } = await upload([{ bytes }]);
	const download = await make('download', { resource: 'attachment', operation: 'download', id: '={{ $json.id }}' }, { after: [back] });
	const { items: [got] } = await download([made]);
	assert.ok(got?.data === bytes, 'the file is the same');
	assert.equal(got.filename, 'scan.bin');
	console.log('files: 70,000 bytes up and down, the same');
}

async function manyItems(make: Make): Promise<void> {
	const list = await make('all', { resource: 'ticket', operation: 'list', return_all: true, filters: {} });
	const all = await list([{}]);
	assert.ok(all.items.length > 700 && new Set(all.items.map(({ id }) => id)).size === all.items.length);
	console.log(`return all: ${all.items.length} tickets, ${seconds(all)}`);
	const create = await make('thousand', {
		resource: 'ticket',
		operation: 'create',
		summary: '={{ $json.summary }}',
		options: { bulk: true },
	});
	const items = Array.from({ length: 1000 }, (_, index) => ({ summary: `Item ${index}` }));
	const made = await create(items, 120_000);
	assert.deepEqual(made.items.map(({ summary }) => summary), items.map(({ summary }) => summary), 'each result at its place');
	console.log(`1,000 items: 1,000 tickets with Bulk, in order, ${seconds(made)}`);
	const get = await make('get thousand', { resource: 'ticket', operation: 'get', id: byId('={{ $json.id }}') });
	const read = await get(made.items, 120_000);
	assert.deepEqual(read.items.map(({ id }) => id), made.items.map(({ id }) => id));
	console.log(`1,000 items: each read by its id, ${seconds(read)}`);
}

/** Ids as text, names, pasted addresses; and what no record can be. */
async function typedWrong(make: Make): Promise<void> {
	const client = (mode: string) => ({ __rl: true, mode, value: '={{ $json.client }}' });
	for (const [mode, typed, meant] of [
		['id', '12', 12],
		['id', 12, 12],
		['name', 'Nordlicht Logistik Ltd', 3],
		['id', 'Nordlicht Logistik Ltd', 3],
		['name', 'https://127.0.0.1/customers?clientid=12', 12],
	] as const) {
		const job = await make(`typed ${typeof typed} ${mode} ${typed}`, { resource: 'ticket', operation: 'list', limit: 1, client_id: client(mode), filters: {} });
		const { items: [row] } = await job([{ client: typed }]);
		assert.equal(row?.client_id, meant, `${mode} ${typed}`);
	}
	console.log('typed: an id, an id as text, a name, a pasted address lead to the client');
	for (const [what, parameters] of [
		['a ticket "abc"', { resource: 'ticket', operation: 'get', id: byId('={{ "abc" }}') }],
		['a limit "many"', { resource: 'ticket', operation: 'list', limit: '={{ "many" }}' }],
		['minutes "ten"', { resource: 'time', operation: 'log', ticket_id: byId(17), minutes: '={{ "ten" }}' }],
		['an object for a summary', { resource: 'ticket', operation: 'create', summary: '={{ ({ a: 1 }) }}' }],
	] as const) {
		const { ok, error } = await (await make(what, parameters))([{}]);
		assert.equal(ok, false, what);
		console.log(`typed: ${what}: ${error?.message} ${error?.description ?? ''}`);
	}
}

async function failures(make: Make): Promise<void> {
	const parameters = { resource: 'ticket', operation: 'get', id: byId('={{ $json.id }}') };
	const tolerant = await make('tolerant', parameters, { rest: { onError: 'continueRegularOutput' } });
	const { items } = await tolerant([{ id: 1 }, { id: 99999 }, { id: 2 }]);
	assert.deepEqual(items.map((item) => item.id ?? (item.details as { code: string }).code), [1, 'halopsa.record-not-found', 2]);
	console.log('continue on fail: two of three items');
}

/** The token dies under ten executions at once. */
async function sessions(make: Make, sim: Sim): Promise<void> {
	const list = await make('session', { resource: 'ticket', operation: 'list', limit: 5 });
	await list([{}]);
	await sim.control('revoke', {});
	await sim.forget();
	const results = await Promise.all(Array.from({ length: 10 }, () => list([{}])));
	assert.ok(results.every(({ items }) => items.length === 5));
	const logins = (await sim.requests()).filter(({ path }) => path === '/auth/token').length;
	assert.equal(logins, 1);
	console.log('session: refused under 10 executions at once, all went well with 1 login');
}

/** While calls wait for 300 ms, n8n answers others. On a busy machine, the best of some tries counts. */
async function together(n8n: N8n, make: Make, sim: Sim): Promise<void> {
	const list = await make('together', { resource: 'ticket', operation: 'list', limit: 5 });
	await list([{}]);
	await sim.control('faults', { quirk: 'latency=300' });
	let tries = 0;
	while (!(await threeAtOnce(n8n, list))) {
		tries += 1;
		assert.ok(tries < 5, 'three take about as long as one');
	}
	await sim.control('faults', undefined, 'DELETE');
}

async function threeAtOnce(n8n: N8n, list: Job): Promise<boolean> {
	const one = await list([{}]);
	let answers = 0;
	let slowest = 0;
	let over = false;
	const asking = (async () => {
		while (!over) {
			const began = performance.now();
			await fetch(`${n8n.url}/healthz`);
			slowest = Math.max(slowest, performance.now() - began);
			answers += 1;
			await sleep(10);
		}
	})();
	const began = performance.now();
	await Promise.all([list([{}]), list([{}]), list([{}])]);
	const three = performance.now() - began;
	over = true;
	await asking;
	console.log(`event loop: one execution ${one.milliseconds.toFixed(0)} ms, three at once ${three.toFixed(0)} ms; meanwhile n8n answered ${answers} times, the slowest in ${slowest.toFixed(0)} ms`);
	return three < 2 * one.milliseconds;
}

const seconds = ({ milliseconds }: Result) => `${(milliseconds / 1000).toFixed(1)} s`;
