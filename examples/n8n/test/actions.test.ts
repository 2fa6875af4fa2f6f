// The action node against the component and the simulator.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { IDataObject, INodeParameters, INodeType, IPollFunctions } from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';

import { nodesOf } from '../src/nodes.ts';
import { artefact, machine, manifest } from './support/built.ts';
import { contextOf, loading, run } from './support/n8n.ts';
import type { Setup } from './support/n8n.ts';
import { startSim } from './support/sim.ts';
import type { Sim } from './support/sim.ts';

describe('the action node', () => {
	let sim: Sim;
	let node: INodeType;

	before(async () => {
		sim = await startSim();
		const Halopsa = nodesOf(manifest, artefact, machine).nodes.Halopsa;
		assert.ok(Halopsa);
		node = new Halopsa();
	});
	after(() => sim.stop());

	const go = (parameters: INodeParameters, rest: Partial<Setup> = {}) =>
		run(node, {
			parameters,
			credentials: { hosting_type: 'hosted', url: sim.url, client_id: sim.client_id, client_secret: sim.client_secret },
			...rest,
		});

	test('reads to the end', async () => {
		await sim.control('faults', { quirk: 'page-cap=50' });
		const { results } = await go({ resource: 'ticket', operation: 'list', return_all: true, filters: {} });
		await sim.control('faults', undefined, 'DELETE');
		assert.equal(new Set(results.map(({ json }) => json.id)).size, 717);
		assert.deepEqual(results[0]?.pairedItem, { item: 0 });
	});

	test('reads as many as are asked for, filtered', async () => {
		const client_id = { __rl: true, mode: 'id', value: '3' };
		const { results } = await go({ resource: 'ticket', operation: 'list', limit: 2, client_id, filters: { open_only: true } });
		assert.equal(results.length, 2);
		assert.ok(results.every(({ json }) => json.client_id === 3));
	});

	test('runs for each item and links the results', async () => {
		const items = [1, 2, 3].map((n) => ({ json: { n } }));
		const { results } = await go({ resource: 'ticket', operation: 'create', summary: 'Printer offline' }, { items });
		assert.deepEqual(results.map(({ pairedItem }) => pairedItem), [{ item: 0 }, { item: 1 }, { item: 2 }]);
		assert.deepEqual(items, [1, 2, 3].map((n) => ({ json: { n } })), 'the input is left as it was');
	});

	test('goes on where one item fails, and says why', async () => {
		const missing = { resource: 'ticket', operation: 'get', id: 999999 };
		const { results } = await go(missing, { continueOnFail: true });
		assert.equal(results.length, 1);
		assert.equal((results[0]?.json.details as IDataObject).kind, 'not-found');
		assert.deepEqual(Object.keys(results[0]?.json ?? {}), ['error', 'details']);
		await assert.rejects(go(missing), (error: NodeApiError) => {
			assert.equal(error.context.itemIndex, 0);
			assert.ok(error.description);
			return true;
		});
	});

	test('names the field that is missing, by its label', async () => {
		await assert.rejects(
			go({ resource: 'ticket', operation: 'create', summary: '' }),
			(error: NodeOperationError) =>
				error instanceof NodeOperationError && /“Summary”/.test(error.message) && /“Summary”/.test(error.description ?? ''),
		);
	});

	test('names a field of the credential by its label', async () => {
		for (const url of ['', 'not a url']) {
			const credentials = { hosting_type: 'hosted', url, client_id: 'a', client_secret: 'b' };
			await assert.rejects(go({ resource: 'ticket', operation: 'get', id: 1 }, { credentials }), ({ message }: Error) => message.startsWith('Address: '));
		}
		const found = await node.methods?.credentialTest?.checkConnection?.call({} as never, {
			id: '1',
			name: 'x',
			type: 'halopsaApi',
			data: { hosting_type: 'hosted', url: '', client_id: 'a', client_secret: 'b' },
		});
		assert.match(found?.message ?? '', /Fill in “Address”\./);
	});

	test('sends nothing in a dry run', async () => {
		await sim.forget();
		const { results } = await go({
			resource: 'ticket',
			operation: 'create',
			summary: 'Printer offline',
			options: { dryRun: true },
		});
		assert.equal(results[0]?.json.dry_run, true);
		assert.ok((await sim.requests()).every(({ method }) => method !== 'POST'));
	});

	test('lets a model delete only where a person allowed it', async () => {
		const parameters = { resource: 'ticket', operation: 'delete', id: 5 };
		const tool = { type: 'n8n-nodes-halopsa-component.halopsaTool' };
		await assert.rejects(go(parameters, tool), (error: NodeOperationError) => /confirm/i.test(error.message + error.description));
		const { results } = await go({ ...parameters, options: { confirmed: true } }, tool);
		assert.equal(results.length, 1);
	});

	test('shows first what its schema names first', async () => {
		const { results } = await go({ resource: 'ticket', operation: 'get', id: 7 });
		assert.deepEqual(Object.keys(results[0]?.json ?? {}).slice(0, 2), ['id', 'summary']);
	});

	test('returns few fields, all of them, those that are chosen, or what the service sent', async () => {
		const keys = async (parameters: INodeParameters) => Object.keys((await go({ resource: 'ticket', id: 7, operation: 'get', ...parameters })).results[0]?.json ?? {});
		const [few, all, raw] = [await keys({}), await keys({ output: 'all' }), await keys({ output: 'raw' })];
		assert.ok(few.length >= 8 && few.length <= 13, few.join());
		assert.deepEqual(few.slice(0, 3), ['id', 'summary', 'status_name']);
		assert.ok(all.length > 30 && few.every((name) => all.includes(name)));
		assert.ok(raw.includes('matched_kb_id') && !all.includes('matched_kb_id'));
		assert.deepEqual(await keys({ output: 'selected', outputFields: ['user_email', 'id'] }), ['user_email', 'id']);
		await assert.rejects(keys({ output: 'selected', outputFields: [] }), /No field is chosen/);
		await assert.rejects(keys({ output: 'selected', outputFields: ['nope'] }), /no field “nope”/);
	});

	test('shows a ticket inside of a result as it shows others', async () => {
		const { results } = await go({ resource: 'ticket', operation: 'find_or_append', key: 'inside', summary: 'x' });
		const { ticket, ...rest } = results[0]?.json ?? {};
		assert.equal(rest.done, 'created');
		assert.deepEqual(Object.keys(ticket as IDataObject).slice(0, 3), ['id', 'summary', 'status_name']);
	});

	test('offers for selection what the operation returns', async () => {
		const Halopsa = nodesOf(manifest, artefact, machine).nodes.Halopsa as new () => INodeType;
		const type = new Halopsa();
		const asked = loading(type, { credentials: {}, parameters: { resource: 'ticket', operation: 'list', output: 'selected' } });
		const names = await type.methods?.loadOptions?.names_of_results?.call(asked);
		assert.ok(names?.some(({ value }) => value === 'category_1'));
		const deleting = type.description.properties.filter(({ name }) => name === 'output');
		assert.ok(deleting.every(({ displayOptions }) => displayOptions?.show?.operation?.includes('delete') === false));
	});

	test('hands over nothing that JSON refuses', async () => {
		const { results } = await go({ resource: 'ticket', operation: 'get', id: 7 });
		assert.doesNotThrow(() => JSON.stringify(results));
	});

	test('keeps custom fields that come as a list or as text', async () => {
		for (const customfields of [[{ name: 'CFLocation', value: 'Room 7' }], JSON.stringify({ CFLocation: 'Room 7' })]) {
			const made = await go(
				{ resource: 'ticket', operation: 'create', summary: 'x', customfields: '={{ fields }}' },
				{ expressions: { '={{ fields }}': () => customfields } },
			);
			assert.equal((made.results[0]?.json.customfields as IDataObject).CFLocation, 'Room 7');
		}
		const wrong = go({ resource: 'ticket', operation: 'create', summary: 'x', customfields: '={{ fields }}' }, { expressions: { '={{ fields }}': () => 'Room 7' } });
		await assert.rejects(wrong, /“Custom Fields”|Custom Fields:/);
	});

	test('refuses a date and a number that are invalid, instead of taking them for not given', async () => {
		const create = (additionalFields: INodeParameters, value: unknown) =>
			go({ resource: 'ticket', operation: 'create', summary: 'x', additionalFields }, { expressions: { '={{ value }}': () => value } });
		const invalid = { toISO: () => null, invalid: {} };
		for (const [name, value] of [['deadlinedate', invalid], ['deadlinedate', new Date('soon')], ['impact', Number('high')], ['estimate', Infinity]] as const) {
			await assert.rejects(create({ [name]: '={{ value }}' }, value), /must be/, `${name} ${String(value)}`);
		}
		const fields = { resource: 'ticket', operation: 'create', summary: 'x', customfields: '={{ value }}' };
		const { results } = await go(fields, { expressions: { '={{ value }}': () => ({ CFLocation: invalid }) } });
		assert.equal((results[0]?.json.customfields as IDataObject).CFLocation, 'Invalid DateTime');
	});

	test('adds a note that is private unless a person makes it public', async () => {
		const add = (additionalFields: INodeParameters) =>
			go({ resource: 'note', operation: 'add', ticket_id: { __rl: true, mode: 'id', value: '17' }, note: 'Called.', additionalFields });
		const Halopsa = nodesOf(manifest, artefact, machine).nodes.Halopsa as new () => INodeType;
		const collection = new Halopsa().description.properties.find(
			({ name, displayOptions }) => name === 'additionalFields' && displayOptions?.show?.resource?.[0] === 'note' && displayOptions.show.operation?.[0] === 'add',
		);
		const untouched = (collection?.options ?? []).find(({ name }) => name === 'hiddenfromuser') as { default: boolean };
		assert.equal((await add({ hiddenfromuser: untouched.default })).results[0]?.json.hiddenfromuser, true);
		assert.equal((await add({ hiddenfromuser: false })).results[0]?.json.hiddenfromuser, false);
	});

	test('keeps a picked date in the time zone of the workflow', async () => {
		const made = await go(
			{ resource: 'ticket', operation: 'create', summary: 'x', additionalFields: { deadlinedate: '2026-11-21T10:00:00' } },
			{ zone: 'America/New_York' },
		);
		const [ticket] = (await go({ resource: 'ticket', operation: 'get', id: made.results[0]?.json.id as number, output: 'raw' })).results;
		assert.match(String(ticket?.json.deadlinedate), /^2026-11-21T15:00:00/);
	});

	test('leaves the lines of an invoice alone where nobody touched them', async () => {
		const Billing = nodesOf(manifest, artefact, machine).nodes.HalopsaBilling as new () => INodeType;
		const credentials = { hosting_type: 'hosted', url: sim.url, client_id: sim.client_id, client_secret: sim.client_secret };
		const bill = (parameters: INodeParameters) => run(new Billing(), { parameters: { resource: 'invoice', ...parameters }, credentials });
		const lines = { entry: [{ item_shortdescription: 'Managed Workstation', qty_order: 10, unit_price: 39.5 }] };
		const client_id = { __rl: true, mode: 'id', value: '12' };
		const [made] = (await bill({ operation: 'create', client_id, invoice_date: '2026-03-01T00:00:00', lines })).results;
		assert.equal((made?.json.lines as unknown[]).length, 1);
		const id = made?.json.id as number;
		for (const untouched of [{}, '[]', { entry: [] }]) {
			await bill({ operation: 'update', id, order_number: 'PO-1', additionalFields: { lines: untouched } });
			const [read] = (await bill({ operation: 'get', id, output: 'all' })).results;
			assert.deepEqual([(read?.json.lines as unknown[]).length, read?.json.order_number], [1, 'PO-1']);
		}
	});

	test('shows real tickets to somebody who tries the polling trigger out, and its trouble', async () => {
		const Polling = nodesOf(manifest, artefact, machine).nodes.HalopsaPollingTrigger as new () => INodeType;
		const type = new Polling();
		const poll = (client_secret: string) =>
			type.poll?.call(
				contextOf(type.description, {
					parameters: { event: 'ticket.created' },
					credentials: { hosting_type: 'hosted', url: sim.url, client_id: sim.client_id, client_secret },
					mode: 'manual',
				}) as unknown as IPollFunctions,
			);
		const [seen] = (await poll(sim.client_secret))?.[0] ?? [];
		const state = (await sim.control('state/Tickets')) as Record<string, { id: number; summary: string }>;
		const real = Object.values(state).find(({ id }) => id === seen?.json.id);
		assert.equal(real?.summary, seen?.json.summary);
		await assert.rejects(async () => poll('a-wrong-secret'));
	});

	test('tells no secret, whatever fails', async () => {
		const secret = 'a-secret-that-is-wrong';
		const credentials = { hosting_type: 'hosted', url: sim.url, client_id: sim.client_id, client_secret: secret };
		await assert.rejects(go({ resource: 'ticket', operation: 'list' }, { credentials }), (error: NodeApiError) => {
			assert.ok(!JSON.stringify([error, error.stack, error.message, error.description]).includes(secret));
			return true;
		});
	});
});
