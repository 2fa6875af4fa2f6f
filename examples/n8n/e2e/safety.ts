// What an ordinary person does with the node – expressions, empty cells, picked
// dates, bad rows, a model as colleague –, and that it changes nothing wrong.

import assert from 'node:assert/strict';

import type { Sim } from '../test/support/sim.ts';
import type { N8n, Node } from './n8n.ts';
import { HALOPSA, POLLING_TRIGGER, byId, credentialOf, itemsOf } from './n8n.ts';

type Row = Record<string, unknown> & { id: number };

export async function safety(n8n: N8n, sim: Sim): Promise<void> {
	await sim.control('reset', {});
	const credentials = await credentialOf(n8n, sim, 'safety');
	const node = (parameters: object, rest: object = {}): Node => ({ name: 'HaloPSA', type: HALOPSA, parameters, credentials, ...rest });
	const job = (name: string, parameters: object, rest: object = {}) => n8n.job(name, [node(parameters, rest)]);
	const rows = async (resource: string) => Object.values((await sim.control(`state/${resource}`)) as Record<string, Row>);
	const create = { resource: 'ticket', operation: 'create', summary: '={{ $json.summary }}' };

	await testEvent(n8n, rows, credentials);

	const before = (await rows('Tickets')).length;
	const strict = await job('25 rows', create);
	const bad = new Set([4, 11, 19]);
	const { error } = await strict(Array.from({ length: 25 }, (_, n) => ({ summary: bad.has(n) ? '' : `Row ${n}` })));
	assert.match(error?.description ?? '', /Nothing was sent for any item: 3 of 25 cannot be done \(items 4, 11, 19\)/);
	assert.equal((await rows('Tickets')).length, before);
	console.log(`bad rows, On Error = Stop: ${error?.message} ${error?.description}`);

	const again = await job('repeated', create, { retryOnFail: true, maxTries: 3, waitBetweenTries: 100 });
	const atFirst = (await rows('Tickets')).length;
	await sim.control('faults', { quirk: 'cut-before-commit=1' });
	const repeated = await again(Array.from({ length: 30 }, (_, n) => ({ summary: `Again ${n}` })));
	await sim.control('faults', undefined, 'DELETE');
	assert.equal(new Set(repeated.items.map(({ id }) => id)).size, 30, JSON.stringify(repeated.error));
	assert.equal((await rows('Tickets')).length - atFirst, 30);
	console.log('retry on fail: a connection broke, n8n repeated the step; 30 items, 30 tickets');

	await errorOutput(n8n, node);
	await manyRows(n8n, node, rows);

	const dry = await job('dry', { ...create, options: { dryRun: '={{ $json.dry }}' } });
	for (const [given, made] of [[[false, true], 1], [[true, false], 1], [['true', 'false'], 1]] as const) {
		const count = (await rows('Tickets')).length;
		assert.ok((await dry(given.map((each) => ({ summary: 'x', dry: each })))).ok);
		assert.equal((await rows('Tickets')).length - count, made);
	}
	for (const unclear of ['yes', 1, null]) {
		const count = (await rows('Tickets')).length;
		assert.equal((await dry([{ summary: 'x', dry: unclear }])).ok, false);
		assert.equal((await rows('Tickets')).length, count);
	}
	console.log('dry run: item by item, as text too, and nothing sent where it is not clear');

	const upload = await job('two of three', { resource: 'attachment', operation: 'upload', ticket_id: byId(17), inputFiles: 'data' }, { onError: 'continueRegularOutput' });
	const files = (await rows('Attachment')).length;
	const { items } = await upload([{ i: 0 }, { i: 1 }]);
	assert.ok(items.every((item) => 'error' in item));
	assert.equal((await rows('Attachment')).length, files);
	console.log(`a missing file: ${String(items[0]?.error)}`);

	const lists = await job('custom fields', { ...create, customfields: '={{ $json.fields }}' });
	for (const fields of [[{ name: 'CFLocation', value: 'Room 7' }], JSON.stringify({ CFLocation: 'Room 7' }), { CFLocation: 'Room 7' }]) {
		const { items: [made] } = await lists([{ summary: 'x', fields }]);
		assert.equal((made?.customfields as { CFLocation?: string }).CFLocation, 'Room 7');
	}
	console.log('custom fields: an object, a list and text are kept');

	await pickedDate(n8n, node, rows);

	const empty = await job('empty cells', { ...create, details: '={{ $json.none }}', client_id: byId('={{ $json.nothing }}'), additionalFields: { deadlinedate: '={{ $json.none }}', source: '={{ $json.nothing }}', flagged: '={{ $json.none }}' } });
	assert.ok((await empty([{ summary: 'Cells', none: '', nothing: null }])).ok);
	console.log('empty cells: not given');
}

/** The button of the polling trigger shows what the service has. */
async function testEvent(n8n: N8n, rows: (resource: string) => Promise<Row[]>, credentials: NonNullable<Node['credentials']>): Promise<void> {
	const trigger: Node = { name: 'Event', type: POLLING_TRIGGER, parameters: { event: 'ticket.created', pollTimes: { item: [{ mode: 'everyMinute' }] } }, credentials };
	const workflow = await n8n.save('test event', [trigger, { name: 'End', type: 'n8n-nodes-base.noOp' }]);
	const run = await n8n.runManually(workflow, 'Event');
	const [seen] = itemsOf(run, 'Event');
	const real = (await rows('Tickets')).find(({ id }) => id === seen?.id);
	assert.ok(real !== undefined && real.summary === seen?.summary, JSON.stringify(run.error ?? seen));
	console.log(`test event: the real ticket ${real.id}`);
}

/** A failed item is at the error output, with what it held and what happened. */
async function errorOutput(n8n: N8n, node: (parameters: object, rest?: object) => Node): Promise<void> {
	const read = node({ resource: 'ticket', operation: 'get', id: byId('={{ $json.id }}') }, { onError: 'continueErrorOutput' });
	const code = 'return [{ json: { id: 1, who: "x" } }, { json: { id: 99001, who: "y" } }];';
	const workflow = await n8n.save('error output', [
		{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
		{ name: 'Rows', type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode: code } },
		read,
		{ name: 'End', type: 'n8n-nodes-base.noOp' },
	]);
	const run = await n8n.runManually(workflow, 'Start');
	const [failed] = itemsOf(run, 'HaloPSA', 1);
	assert.equal(itemsOf(run, 'HaloPSA', 0).length, 1);
	assert.deepEqual([failed?.id, failed?.who, (failed?.details as { kind?: string } | undefined)?.kind], [99001, 'y', 'not-found'], JSON.stringify([failed, run.error]));
	console.log(`error output: ${JSON.stringify(failed)}`);
}

/** 450 rows of a sheet, every 30th of them bad in one way or another: the others become tickets, once each. */
async function manyRows(n8n: N8n, node: (parameters: object, rest?: object) => Node, rows: (resource: string) => Promise<Row[]>): Promise<void> {
	const jsCode = `return Array.from({ length: 450 }, (_, n) => {
		const json = { row: n, summary: 'Sheet row ' + n, client: 12, due: '2026-12-01 10:00' };
		if (n % 30 === 29) Object.assign(json, [{ summary: ' ' }, { client: 'Nobody & Sons' }, { due: 'soon' }][Math.floor(n / 30) % 3]);
		return { json };
	});`;
	const create = node(
		{ resource: 'ticket', operation: 'create', summary: '={{ $json.summary }}', client_id: byId('={{ $json.client }}'), additionalFields: { deadlinedate: '={{ $json.due }}' } },
		{ onError: 'continueErrorOutput' },
	);
	const workflow = await n8n.save('many rows', [
		{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
		{ name: 'Rows', type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode } },
		create,
		{ name: 'End', type: 'n8n-nodes-base.noOp' },
	]);
	const before = (await rows('Tickets')).length;
	const run = await n8n.runManually(workflow, 'Start');
	const [good, bad] = [itemsOf(run, 'HaloPSA', 0), itemsOf(run, 'HaloPSA', 1)];
	assert.deepEqual([good.length, bad.length], [435, 15], JSON.stringify(run.error));
	const made = (await rows('Tickets')).filter(({ summary }) => String(summary).startsWith('Sheet row '));
	assert.equal((await rows('Tickets')).length - before, 435);
	const summaryOf = new Map(made.map(({ id, summary }) => [id, summary]));
	assert.equal(new Set(good.map(({ id }) => id)).size, 435);
	assert.ok(good.every(({ id, summary }) => summaryOf.get(id as number) === summary));
	assert.deepEqual(bad.map(({ row }) => row), Array.from({ length: 15 }, (_, n) => n * 30 + 29), 'with what the rows held');
	const messages = [/“Summary” is missing/, /^Client: None of the clients is called "Nobody & Sons"\.$/, /^Deadline.*: It must be a date .*, not the text "soon"\.$/];
	for (const [n, { error, details }] of bad.entries()) {
		assert.match(String(error), messages[n % 3] as RegExp);
		assert.deepEqual([(details as { kind: string }).kind, (details as { effect: string }).effect], ['invalid-input', 'none']);
	}
	console.log(`450 rows, every 30th bad: ${good.length} tickets, ${bad.length} at the error output: ${bad.slice(0, 3).map(({ error }) => String(error)).join(' | ')}`);
}

/** n8n's date picker knows no offset. */
async function pickedDate(n8n: N8n, node: (parameters: object) => Node, rows: (resource: string) => Promise<Row[]>): Promise<void> {
	const picked = node({ resource: 'ticket', operation: 'create', summary: 'Picked', additionalFields: { deadlinedate: '2026-11-21T10:00:00' } });
	const workflow = await n8n.save('picked', [{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' }, picked, { name: 'End', type: 'n8n-nodes-base.noOp' }], {
		settings: { executionOrder: 'v1', timezone: 'America/New_York' },
	});
	const [made] = itemsOf(await n8n.runManually(workflow, 'Start'), 'HaloPSA');
	const ticket = (await rows('Tickets')).find(({ id }) => id === made?.id);
	assert.match(String(ticket?.deadlinedate), /^2026-11-21T15:00/);
	console.log(`a date picked in New York, 10:00: ${String(ticket?.deadlinedate)} in UTC`);
}
