// The action node against the component and the simulator.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { INodeParameters, INodeType } from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';

import { nodesOf } from '../src/nodes.ts';
import { artefact, machine, manifest } from './support/built.ts';
import { run } from './support/n8n.ts';
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
		const { results } = await go({ resource: 'ticket', operation: 'list', return_all: true });
		await sim.control('faults', undefined, 'DELETE');
		assert.equal(new Set(results.map(({ json }) => json.id)).size, 717);
		assert.deepEqual(results[0]?.pairedItem, { item: 0 });
	});

	test('reads as many as are asked for, filtered', async () => {
		const filters = { client_id: { __rl: true, mode: 'id', value: '3' }, open_only: true };
		const { results } = await go({ resource: 'ticket', operation: 'list', limit: 2, filters });
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
		assert.equal(results[0]?.json.kind, 'not-found');
		assert.equal(results[0]?.error, undefined);
		const apart = await go(missing, { continueOnFail: true, onError: 'continueErrorOutput' });
		assert.ok(apart.results[0]?.error instanceof NodeApiError);
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
				error instanceof NodeOperationError && /Field: Summary/.test(error.description ?? ''),
		);
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

	test('hands over nothing that JSON refuses', async () => {
		const { results } = await go({ resource: 'ticket', operation: 'get', id: 7 });
		assert.doesNotThrow(() => JSON.stringify(results));
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
