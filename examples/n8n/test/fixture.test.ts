// Lists, files, triggers and long runs, with a component whose answers are known.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type {
	IDataObject,
	IHookFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	IPollFunctions,
	IWebhookFunctions,
	NodeOperationError,
} from 'n8n-workflow';

import { nodesOf } from '../src/nodes.ts';
import type { CheckReport, Entry, Exports, Item, NodeError, Outcome } from '../src/runtime/contract.ts';
import { machine } from './support/built.ts';
import { component, manifest, report } from './support/fixture.ts';
import { contextOf, loading, run } from './support/n8n.ts';

const credentials = { token: 'secret' };
const Desk = nodesOf(manifest, component({}), machine).nodes.Desk as new () => INodeType;
const field = (fields: INodeProperties[], name: string) => fields.find((each) => each.name === name);
const error = (kind: string) => ({
	payload: { kind, code: `desk.${kind}`, message: 'It did not work.', effect: 'none', retry: { tag: 'never' } },
});

function node(name: string, parts: Parameters<typeof component>[0]): INodeType {
	const Class = nodesOf(manifest, component(parts), machine).nodes[name];
	assert.ok(Class);
	return new Class();
}

const entry = (value: unknown, label: string, more: Partial<Entry> = {}): Entry => ({
	value: JSON.stringify(value),
	label,
	disabled: false,
	...more,
});

describe('lists', () => {
	const asked: unknown[][] = [];
	const desk = node('Desk', {
		lookup: {
			options: (_, __, name, params, search, cursor) => {
				asked.push([name, JSON.parse(params), search, cursor]);
				const parts: Record<string, Entry[]> = {
					clients: [entry(12, 'Nordlicht')],
					sites: [
						entry(1, 'Berlin', { disabled: true }),
						entry(2, 'Mitte', { parent: '1' }),
					],
					teams: [entry(cursor === undefined ? 1 : 2, 'Team')],
					fields: [
						entry('CFfloor', 'Floor', {
							details: JSON.stringify({ schema: { type: 'integer' }, required: true, custom: true }),
						}),
						entry('client', 'Client', { details: JSON.stringify({ schema: {}, required: true, custom: false }) }),
						entry('CFkind', 'Kind', {
							details: JSON.stringify({ schema: { oneOf: [{ const: 3, title: 'Third' }] }, required: false }),
						}),
					],
				};
				const more = name === 'teams' && cursor === undefined ? { next: 'more' } : {};
				return { entries: parts[name] ?? [], report, ...more };
			},
		},
	});
	const client = { __rl: true, mode: 'id', value: '12' };
	const context = (parameters = {}) =>
		loading(desk, { credentials, parameters: { resource: 'ticket', operation: 'create', client, ...parameters } });
	const { listSearch, loadOptions, resourceMapping } = desk.methods ?? {};

	test('are searched at the service', async () => {
		asked.length = 0;
		const found = await listSearch?.search_clients?.call(context(), 'nord');
		assert.deepEqual(found?.results, [{ name: 'Nordlicht', value: 12 }]);
		assert.deepEqual(asked, [['clients', {}, 'nord', undefined]]);
	});

	test('are given what they depend on, and show where in a tree something is', async () => {
		asked.length = 0;
		const found = await listSearch?.search_sites_by_client_id_from_client?.call(context());
		assert.deepEqual(found?.results, [{ name: 'Berlin > Mitte', value: 2 }]);
		assert.deepEqual(asked[0]?.[1], { client_id: 12 });
	});

	test('name the parent of an entry where none is chosen', async () => {
		const parts = { lookup: { options: () => ({ entries: [entry(4, 'Main', { description: 'Nordlicht' })], report }) } };
		const desk = node('Desk', parts);
		const shown = async (parameters: object) => {
			const context = loading(desk, { credentials, parameters: { resource: 'ticket', operation: 'create', ...parameters } });
			return (await desk.methods?.listSearch?.search_sites_by_client_id_from_client?.call(context))?.results[0]?.name;
		};
		assert.equal(await shown({}), 'Main (Nordlicht)');
		assert.equal(await shown({ client }), 'Main');
	});

	test('of several values are read to the end', async () => {
		const found = await loadOptions?.options_teams?.call(context());
		assert.deepEqual(found?.map(({ value }) => value), [1, 2]);
	});

	test('that are longer than a dropdown say so with their last entry', async () => {
		const endless = node('Desk', {
			lookup: { options: (_, __, ___, ____, _____, cursor) => ({ entries: [entry(Number(cursor ?? 0), 'Team')], next: String(Number(cursor ?? 0) + 1), report }) },
		});
		const found = await endless.methods?.loadOptions?.options_teams?.call(loading(endless, { credentials, parameters: {} }));
		assert.equal(found?.length, 21);
		assert.deepEqual([found?.at(-1)?.value, found?.at(-1)?.name], ['', '… The List Ends Here, After 20 Entries']);
	});

	test('of fields become a form', async () => {
		const found = await resourceMapping?.columns_fields_by_client_id_from_client?.call(context());
		assert.deepEqual(
			found?.fields.map(({ id, type, required, options }) => ({ id, type, required, options })),
			[
				{ id: 'CFfloor', type: 'number', required: true, options: undefined },
				{ id: 'CFkind', type: 'options', required: false, options: [{ name: 'Third', value: 3 }] },
			],
		);
	});

	test('that cannot be loaded are an error', async () => {
		const broken = node('Desk', {
			lookup: {
				options: () => {
					throw error('unavailable');
				},
			},
		});
		const failing = loading(broken, { credentials, parameters: {} });
		await assert.rejects(async () => broken.methods?.listSearch?.search_clients?.call(failing), /did not work/);
	});
});

describe('the test of a credential', () => {
	type Step = CheckReport['steps'][number];
	const step = (name: string, status: Step['status'], message = 'So it is.', advice?: string): Step => ({ name, label: name, status, message, ...(advice === undefined ? {} : { advice }) });
	const checked = async (...steps: Step[]) => {
		const type = node('Desk', { setup: { check: () => ({ account: 'Workflow Automation', scopes: [], fields: [], steps, report }) } });
		const test = type.methods?.credentialTest?.checkConnection;
		return test?.call({} as never, { id: '1', name: 'x', type: 'deskApi', data: credentials });
	};
	const fine = [step('token', 'pass'), step('agent', 'pass'), step('permissions', 'pass')];

	test('fails where nothing can be read, since n8n shows no other text', async () => {
		const advice = 'Put the agent into teams';
		const found = await checked(...fine, step('tickets', 'warn', 'There are no tickets to see.', advice), step('customers', 'warn', 'There are no clients to see.', advice));
		assert.equal(found?.status, 'Error');
		assert.equal(found?.message, 'Connected as Workflow Automation, but: tickets: There are no tickets to see. customers: There are no clients to see. Put the agent into teams.');
	});

	test('is good where something can be read, even if not all that there is', async () => {
		const refused = step('customers', 'fail', 'HaloPSA does not allow this.');
		assert.equal((await checked(...fine, step('tickets', 'pass'), refused))?.status, 'OK');
		assert.equal((await checked(...fine, step('tickets', 'pass')))?.status, 'OK');
		assert.equal((await checked(...fine, step('tickets', 'fail'), refused))?.status, 'Error');
	});

	test('logs in where the component has no interface for it', async () => {
		let logins = 0;
		const authenticate = () => {
			logins += 1;
			if (logins > 1) throw error('unauthenticated');
			return { token: 'session', scopes: [] };
		};
		const type = node('Desk', { setup: null, node: { authenticate } });
		const check = async () => type.methods?.credentialTest?.checkConnection?.call({} as never, { id: '1', name: 'x', type: 'deskApi', data: credentials });
		assert.deepEqual(await check(), { status: 'OK', message: 'Connected.' });
		assert.deepEqual(await check(), { status: 'Error', message: 'It did not work.' });
	});

	test('says what is wrong where signing in fails', async () => {
		const found = await checked(step('token', 'fail', 'The secret is wrong.'), step('agent', 'skipped'), step('tickets', 'skipped'));
		assert.equal(found?.status, 'Error');
		assert.match(found?.message ?? '', /The secret is wrong\.$/);
	});
});

type Execute = Exports['node']['execute'];
const done = (...items: object[]): Outcome => ({
	tag: 'done',
	val: items.map((json) => ({ json: JSON.stringify(json), attachments: [], sources: new Uint32Array() })),
});

describe('a run', () => {
	const create = (execute: Execute, parameters = {}, rest = {}) =>
		run(node('Desk', { node: { execute } }), {
			credentials,
			parameters: { resource: 'ticket', operation: 'create', client: { __rl: true, mode: 'id', value: '12' }, ...parameters },
			...rest,
		});

	test('gives the component numbers as numbers, and only what was filled in', async () => {
		let given: unknown;
		await create((_, __, ___, items) => {
			given = JSON.parse(items[0]?.json ?? '');
			return { outcomes: [done()], report };
		}, { additionalFields: { site: { __rl: true, mode: 'name', value: 'Mitte' }, urgent: false } });
		assert.deepEqual(given, { client: 12, site: 'Mitte', urgent: false });
	});

	test('follows cursors, waits as it is told, and joins what belongs together', async () => {
		const cursors: unknown[] = [];
		const began = performance.now();
		const { results } = await create(
			(_, __, ___, ____, cursor) => {
				cursors.push(cursor);
				return cursor === undefined
					? { outcomes: [done({ n: 1 }), { tag: 'not-attempted' }], next: 'b', resumeAfterMs: 50, report }
					: { outcomes: [done({ n: 2 }), done({ n: 3 })], report };
			},
			{},
			{ items: [{ json: {} }, { json: {} }] },
		);
		assert.deepEqual(cursors, [undefined, 'b']);
		assert.deepEqual(results.map(({ json, pairedItem }) => [json.n, pairedItem]), [
			[1, { item: 0 }],
			[2, { item: 0 }],
			[3, { item: 1 }],
		]);
		assert.ok(performance.now() - began >= 49);
	});

	test('leaves one bad item behind', async () => {
		const outcomes: Outcome[] = [done({ n: 1 }), { tag: 'failed', val: error('conflict').payload as never }, done({ n: 3 })];
		const execute = () => ({ outcomes, report });
		const items = [{ json: {} }, { json: {} }, { json: {} }];
		const { results } = await create(execute, {}, { items, continueOnFail: true });
		assert.deepEqual(results.map(({ json }) => json.n ?? (json.details as IDataObject).code), [1, 'desk.conflict', 3]);
		await assert.rejects(create(execute, {}, { items }), (thrown: { context: IDataObject; description: string }) => {
			assert.equal(thrown.context.itemIndex, 1);
			assert.match(thrown.description, /This item: nothing was changed\. 2 of 3 items were done\. Failed: item 1\./);
			return true;
		});
	});

	/** A component that makes records, and finds some items wrong before it sends anything. */
	const maker = (isBad: (item: Record<string, unknown>) => boolean, fails: (item: Record<string, unknown>) => boolean = () => false) => {
		const sent: unknown[] = [];
		const calls: Array<{ dryRun: boolean; items: number }> = [];
		let last = 717;
		const execute: Execute = (context, _, __, items) => {
			calls.push({ dryRun: context.dryRun, items: items.length });
			const outcomes = items.map((item): Outcome => {
				const json = JSON.parse(item.json) as Record<string, unknown>;
				if (isBad(json)) return { tag: 'failed', val: error('invalid-input').payload as never };
				if (context.dryRun) return done({ dry_run: true });
				if (fails(json)) return { tag: 'failed', val: error('conflict').payload as never };
				sent.push(json);
				last += 1;
				return done({ id: last });
			});
			return { outcomes, report };
		};
		return { execute, sent, calls };
	};
	const numbered = (count: number) => Array.from({ length: count }, (_, n) => ({ json: { n } }));
	const urgency = { additionalFields: { due: '={{ n }}' } };
	const dryManifest = () => {
		const copy = structuredClone(manifest);
		for (const operation of copy.operations) operation.annotations.dry_run = true;
		return copy;
	};
	const createDry = (execute: Execute, parameters = {}, rest = {}) => {
		const Class = nodesOf(dryManifest(), component({ node: { execute } }), machine).nodes.Desk;
		assert.ok(Class);
		return run(new Class(), {
			credentials,
			parameters: { resource: 'ticket', operation: 'create', client: { __rl: true, mode: 'id', value: '12' }, ...parameters },
			...rest,
		});
	};

	test('that stops at an error sends nothing while any item is wrong, and names them all', async () => {
		const bad = [4, 11, 219];
		const { execute, sent } = maker(({ due }) => bad.includes(Number(due)));
		const rest = { items: numbered(450), expressions: { '={{ n }}': (item: number) => String(item) } };
		await assert.rejects(createDry(execute, urgency, rest), (thrown: { context: IDataObject; description: string }) => {
			assert.equal(thrown.context.itemIndex, 4);
			assert.match(thrown.description, /Nothing was sent for any item: 3 of 450 cannot be done \(items 4, 11, 219\)\./);
			return true;
		});
		assert.deepEqual(sent, []);
		// On Error = Continue: a bad item fails alone.
		const { results } = await createDry(execute, urgency, { ...rest, continueOnFail: true });
		assert.equal(sent.length, 447);
		assert.deepEqual(results.flatMap(({ json }, index) => ('error' in json ? [index] : [])), bad);
	});

	test('that fails half-way says what was done over all of its calls', async () => {
		const { execute } = maker(() => false, ({ due }) => due === '420');
		const rest = { items: numbered(450), expressions: { '={{ n }}': (item: number) => String(item) } };
		await assert.rejects(createDry(execute, urgency, rest), (thrown: { description: string }) => {
			assert.match(thrown.description, /This item: nothing was changed\. 449 of 450 items were done \(#718–#1166\)\. Failed: item 420\./);
			return true;
		});
		await assert.rejects(createDry(maker(() => false, ({ due }) => due === '7').execute, urgency, rest), (thrown: { description: string }) => {
			assert.match(thrown.description, /199 of 450 items were done .* Failed: item 7\. Not tried: 250\./);
			return true;
		});
	});

	test('does not hold what a dry run cannot know against an item', async () => {
		const execute: Execute = (context, _, __, items) => {
			const outcome: Outcome = context.dryRun ? { tag: 'failed', val: error('unsupported').payload as never } : done({ id: 1 });
			return { outcomes: items.map(() => outcome), report };
		};
		assert.equal((await createDry(execute, {}, { items: numbered(3) })).results.length, 3);
	});

	test('is dry for the items that say so, whatever the others say', async () => {
		for (const [given, wet] of [
			[[false, true], [0]],
			[[true, false], [1]],
			[['true', 'FALSE', ' True '], [1]],
		] as const) {
			const { execute, sent } = maker(() => false);
			const rest = { items: numbered(given.length), expressions: { '={{ n }}': (item: number) => String(item), '={{ dry }}': (item: number) => given[item] } };
			const { results } = await createDry(execute, { ...urgency, options: { dryRun: '={{ dry }}' } }, rest);
			assert.deepEqual(sent.map((each) => Number((each as IDataObject).due)), wet);
			assert.deepEqual(results.map(({ pairedItem }) => pairedItem), given.map((_, item) => ({ item })));
		}
	});

	test('sends nothing where it is not clear whether it is dry', async () => {
		for (const unclear of [undefined, null, '', 'yes', 'no', 1, 0, {}, [true]]) {
			const { execute, sent } = maker(() => false);
			const rest = { expressions: { '={{ dry }}': () => unclear } };
			await assert.rejects(createDry(execute, { options: { dryRun: '={{ dry }}' } }, rest), /“Dry Run” must be true or false/, String(unclear));
			assert.deepEqual(sent, []);
		}
	});

	test('lets nobody but a person allow a model anything', async () => {
		const { execute, sent } = maker(() => false);
		const tool = { type: 'x.deskTool', name: 'make_ticket' };
		for (const options of [{ confirmed: "={{ $fromAI('Confirmed', '', 'boolean') }}" }, { confirmed: '={{ $json.confirmed }}' }, { dryRun: "={{ $fromAI('Dry_Run') }}" }]) {
			const expressions = { "={{ $fromAI('Confirmed', '', 'boolean') }}": () => true, '={{ $json.confirmed }}': () => true, "={{ $fromAI('Dry_Run') }}": () => false };
			await assert.rejects(createDry(execute, { options }, { ...tool, expressions }), /cannot be an expression/, JSON.stringify(options));
		}
		assert.deepEqual(sent, []);
		// n8n keeps nothing of options that are an expression as a whole.
		let confirmed: boolean | undefined;
		const look: Execute = (context) => {
			confirmed = context.confirmed;
			return { outcomes: [done()], report };
		};
		await create(look, { options: '={{ all }}' }, { ...tool, expressions: { '={{ all }}': () => ({ confirmed: true }) } });
		assert.equal(confirmed, false);
		const options = (field(new Desk().description.properties, 'options')?.options ?? []) as INodeProperties[];
		assert.equal(field(options, 'confirmed')?.noDataExpression, true);
	});

	test('says where a person may allow a model what it refused', async () => {
		const refusal = { payload: { ...error('denied').payload, code: 'desk.not-confirmed' } };
		const execute: Execute = () => ({ outcomes: [{ tag: 'failed', val: refusal.payload as never }], report });
		await assert.rejects(create(execute, {}, { type: 'x.deskTool', name: 'delete_ticket' }), (thrown: { description: string }) => {
			assert.match(thrown.description, /open the node “delete_ticket” and switch on Options > Allow AI to Run This/);
			return true;
		});
	});

	test('uploads the others where one item has no file', async () => {
		const taken: number[] = [];
		const execute: Execute = (_, __, ___, items) => {
			taken.push(...items.map(({ attachments }) => attachments.length));
			return { outcomes: items.map(() => done({ id: 1 })), report };
		};
		const binary = { data: { data: 'AAE=', fileName: 'a.bin', mimeType: 'application/x-a' } };
		const items = [{ json: {}, binary }, { json: {} }, { json: {}, binary }];
		const { results } = await create(execute, { additionalFields: { inputFiles: 'data' } }, { items, continueOnFail: true });
		assert.deepEqual(taken, [1, 1]);
		assert.deepEqual(results.map(({ json }) => 'error' in json), [false, true, false]);
		assert.deepEqual(results[1]?.pairedItem, { item: 1 });
		// On Error = Stop: nothing goes up.
		taken.length = 0;
		await assert.rejects(create(execute, { additionalFields: { inputFiles: 'data' } }, { items }), /binary file 'data'/);
		assert.deepEqual(taken, []);
	});

	test('keeps the results of the others where one download fails', async () => {
		const link = { name: 'b', mimeType: 'x/y', content: { tag: 'link', val: { url: 'https://elsewhere.example/b' } } };
		const outcomes: Outcome[] = [done({ n: 1 }), { tag: 'done', val: [{ json: '{}', attachments: [link as never], sources: new Uint32Array() }] }, done({ n: 3 })];
		const execute = () => ({ outcomes, report });
		const { results } = await create(execute, {}, { items: numbered(3), continueOnFail: true });
		assert.deepEqual(results.map(({ json }) => json.n ?? json.error), [1, 'The link has expired.', 3]);
	});

	test('keeps the others where an expression of one item cannot be read', async () => {
		const { execute, sent } = maker(() => false);
		const broken = (item: number) => {
			if (item === 1) throw new Error('nothing there');
			return String(item);
		};
		const { results } = await createDry(execute, urgency, { items: numbered(3), expressions: { '={{ n }}': broken }, continueOnFail: true });
		assert.equal(sent.length, 2);
		assert.deepEqual(results.map(({ json }) => 'error' in json), [false, true, false]);
	});

	test('gives a failed item the two members by which n8n sorts it into the error output', async () => {
		const execute: Execute = () => ({ outcomes: [{ tag: 'failed', val: { ...error('not-found').payload, advice: 'Check the id.' } as never }], report });
		for (const onError of ['continueErrorOutput', 'continueRegularOutput'] as const) {
			const { results } = await create(execute, {}, { continueOnFail: true, onError });
			assert.deepEqual(results[0]?.json, {
				error: 'It did not work.',
				details: { kind: 'not-found', code: 'desk.not-found', effect: 'none', advice: 'Check the id.' },
			});
			assert.equal(results[0]?.error, undefined);
		}
	});

	test('gives a model no more than it can read, and says so', async () => {
		const execute: Execute = () => ({ outcomes: [done(...Array.from({ length: 900 }, (_, n) => ({ n, text: 'x'.repeat(n === 0 ? 9_000 : 500) })))], report });
		const { results } = await create(execute, {}, { type: 'x.deskTool' });
		assert.ok(JSON.stringify(results.map(({ json }) => json)).length < 50_000);
		assert.match(String(results[0]?.json.text), /9,000 characters in all/);
		assert.equal(results.at(-1)?.json.truncated, true);
		assert.equal((await create(execute)).results.length, 900, 'a workflow gets all');
	});

	test('takes files along and hands files over', async () => {
		let taken: Item['attachments'] = [];
		const { results } = await create(
			(_, __, ___, items) => {
				taken = items[0]?.attachments ?? [];
				const file = { name: 'b.bin', mimeType: 'application/x-b', content: { tag: 'bytes', val: new Uint8Array([1, 2]) } };
				return { outcomes: [{ tag: 'done', val: [{ json: '{}', attachments: [file as never], sources: new Uint32Array() }] }], report };
			},
			{ additionalFields: { inputFiles: 'data' } },
			{ items: [{ json: {}, binary: { data: { data: 'AAE=', fileName: 'a.bin', mimeType: 'application/x-a' } } }] },
		);
		assert.deepEqual(taken[0], {
			name: 'a.bin',
			mimeType: 'application/x-a',
			content: { tag: 'bytes', val: new Uint8Array([0, 1]) },
		});
		assert.deepEqual(results[0]?.binary?.data, { data: 'AQI=', fileName: 'b.bin', mimeType: 'application/x-b' });
	});

	test('takes the names of files as a list, and gives a file the usual name where an expression gives none', async () => {
		let taken: Item['attachments'] = [];
		const file = (name: string) => ({ data: 'AAE=', fileName: name, mimeType: 'application/x-a' });
		const { results } = await create(
			(_, __, ___, items) => {
				taken = items[0]?.attachments ?? [];
				return { outcomes: [{ tag: 'done', val: [{ json: '{}', attachments: [taken[0] as never], sources: new Uint32Array() }] }], report };
			},
			{ additionalFields: { inputFiles: '={{ names }}' }, outputFile: '={{ name }}' },
			{ items: [{ json: {}, binary: { a: file('a.bin'), b: file('b.bin') } }], expressions: { '={{ names }}': () => ['a', ' b '], '={{ name }}': () => '' } },
		);
		assert.deepEqual(taken.map(({ name }) => name), ['a.bin', 'b.bin']);
		assert.deepEqual(Object.keys(results[0]?.binary ?? {}), ['data']);
	});

	test('waits for one of the same key', async () => {
		let running = 0;
		let most = 0;
		const execute: Execute = async () => {
			running += 1;
			most = Math.max(most, running);
			await new Promise((resolve) => setTimeout(resolve, 20));
			running -= 1;
			return { outcomes: [done()], report };
		};
		await Promise.all([create(execute), create(execute)]);
		assert.equal(most, 1);
		const other = { client: { __rl: true, mode: 'id', value: '13' } };
		await Promise.all([create(execute), create(execute, other)]);
		assert.equal(most, 2);
	});

	test('does in a repeated step what was not done, and says what the earlier attempts did', async () => {
		const again = { retryOnFail: true, execution: 'retried', items: [{ json: {} }, { json: {} }] };
		const sent: number[] = [];
		const execute: Execute = (_, __, ___, items) => {
			sent.push(items.length);
			const failed: Outcome = { tag: 'failed', val: { ...error('unavailable').payload, effect: 'unknown' } as NodeError };
			const outcomes = items.map((_, index) => (sent.length < 3 && index === items.length - 1 ? failed : done({ id: sent.length * 10 + index })));
			return { outcomes, report };
		};
		await assert.rejects(create(execute, {}, again), ({ description }: NodeOperationError) => !/attempt/i.test(description ?? ''));
		await assert.rejects(create(execute, {}, again), ({ description }: NodeOperationError) => {
			assert.match(description ?? '', /1 of 2 items were done \(#10\)\. Failed: item 1\. This was attempt 2 of the step\. Items that were done are not done again\. Attempt 1: 1 of 2 items were done \(#10\)\..*item 1 may have been changed/);
			return true;
		});
		const { results, hints } = await create(execute, {}, again);
		assert.deepEqual(sent, [2, 1, 1]);
		assert.deepEqual(results.map(({ json, pairedItem }) => [json.id, pairedItem]), [[10, { item: 0 }], [30, { item: 1 }]]);
		assert.match(hints[0]?.message ?? '', /attempt 3.*Attempt 1: .*#10.*Attempt 2: /);
		assert.deepEqual((await create(execute, {}, { ...again, execution: 'another' })).hints, []);
	});

	test('does no item twice where n8n repeats a step that went on past an error', async () => {
		const again = { retryOnFail: true, continueOnFail: true, execution: 'went on', items: [{ json: {} }, { json: {} }] };
		const sent: number[] = [];
		const execute: Execute = (_, __, ___, items) => {
			sent.push(items.length);
			const failed: Outcome = { tag: 'failed', val: error('unavailable').payload as NodeError };
			return { outcomes: items.map((_, index) => (index === 0 ? failed : done({ id: 7 }))), report };
		};
		await create(execute, {}, again);
		const { results } = await create(execute, {}, again);
		assert.deepEqual([sent, results[1]?.json.id], [[2, 1], 7]);
	});

	test('repeats a call under the same key, and no other call', async () => {
		const keys: unknown[] = [];
		const execute: Execute = (context, _, __, ___, cursor) => {
			keys.push(context.idempotencyKey);
			return { outcomes: [done()], report, ...(cursor === undefined ? { next: 'b' } : {}) };
		};
		// n8n runs a node again in the same execution where Retry On Fail is set.
		const [first, second, ...again] = (await create(execute, {}, { execution: '1' }), await create(execute, {}, { execution: '1' }), keys);
		assert.ok(typeof first === 'string' && first !== second);
		assert.deepEqual(again, [first, second]);
		for (const other of [{ execution: '2' }, { runIndex: 1 }]) {
			keys.length = 0;
			await create(execute, {}, other);
			assert.ok(!keys.includes(first) && new Set(keys).size === 2);
		}
		// An agent may call a tool several times in one run.
		keys.length = 0;
		await create(execute, {}, { type: 'x.deskTool' });
		assert.deepEqual(keys, [undefined, undefined]);
	});

	test('tells what is no failure as a hint, once', async () => {
		const diagnostics = [{ level: 'warning' as const, code: 'desk.cut', message: 'There is more.' }];
		const { hints } = await create(() => ({ outcomes: [done()], report: { ...report, diagnostics: [...diagnostics, ...diagnostics] } }));
		assert.deepEqual(hints, [{ message: 'There is more.', type: 'warning', location: 'outputPane' }]);
	});

	test('keeps to itself what is for the author of the component', async () => {
		const diagnostics = [{ level: 'debug' as const, code: 'desk.cache', message: 'The cache was empty.' }];
		const { hints } = await create(() => ({ outcomes: [done()], report: { ...report, diagnostics } }));
		assert.deepEqual(hints, []);
	});

	test('links a result to all the items that it was made from', async () => {
		// The first item cannot be read, so that the positions in the call are others than those in n8n.
		const execute: Execute = (_, __, ___, items) => {
			assert.equal(items.length, 2);
			const sum = { json: '{"sum":2}', attachments: [], sources: Uint32Array.of(0, 1) };
			const own = { json: '{"sum":1}', attachments: [], sources: new Uint32Array() };
			return { outcomes: [{ tag: 'done', val: [sum, own] }, done()], report };
		};
		const due = (item: number) => {
			if (item === 0) throw new Error('no such node');
			return undefined;
		};
		const rest = { items: numbered(3), expressions: { '={{ n }}': due }, continueOnFail: true };
		const { results } = await create(execute, urgency, rest);
		assert.deepEqual(results.slice(1).map(({ json, pairedItem }) => [json.sum, pairedItem]), [
			[2, [{ item: 1 }, { item: 2 }]],
			[1, { item: 1 }],
		]);
	});
});

const event = (id: string) => ({ id, item: { json: JSON.stringify({ id }), attachments: [], sources: new Uint32Array() } });
const parameters = { event: 'ticket.created' };

describe('polling', () => {
	const polled = (polls: Array<{ state: string; ids: string[]; more?: boolean }>) => {
		const states: unknown[] = [];
		const type = node('DeskPollingTrigger', {
			triggers: {
				poll: (_, __, ___, ____, state) => {
					states.push(state);
					const next = polls.shift();
					if (next === undefined) throw error('unavailable');
					return { events: next.ids.map(event), state: next.state, more: next.more ?? false, nextPollMs: 0, report };
				},
			},
		});
		const poll = (staticData: IDataObject, mode: 'trigger' | 'manual' = 'trigger') =>
			type.poll?.call(contextOf(type.description, { parameters, credentials, staticData, mode }) as unknown as IPollFunctions);
		return { poll, states };
	};
	const ids = (found: INodeExecutionData[][] | null | undefined) => found?.[0]?.map(({ json }) => json.id);

	test('goes on where it was, and tells each event once', async () => {
		const data: IDataObject = {};
		const { poll, states } = polled([
			{ state: 'a', ids: [] },
			{ state: 'b', ids: ['1', '2'], more: true },
			{ state: 'c', ids: ['2', '3'] },
			{ state: 'd', ids: ['3'] },
		]);
		assert.equal(await poll(data), null);
		assert.deepEqual(ids(await poll(data)), ['1', '2', '3']);
		assert.equal(await poll(data), null);
		assert.deepEqual(states, [undefined, 'a', 'b', 'c']);
	});

	test('loses nothing when a poll fails half-way', async () => {
		const data: IDataObject = { state: 'a', subject: 'ticket.created ' };
		const { poll } = polled([{ state: 'b', ids: ['1'], more: true }]);
		await assert.rejects(async () => poll(data), /did not work/);
		assert.equal(data.state, 'a');
		assert.equal(data.seen, undefined);
	});

	test('begins anew where another event is chosen', async () => {
		const data: IDataObject = {};
		const { poll, states } = polled([
			{ state: 'a', ids: [] },
			{ state: 'b', ids: [] },
			{ state: 'c', ids: [] },
		]);
		await poll(data);
		await poll(data);
		data.subject = 'ticket.closed ';
		await poll(data);
		assert.deepEqual(states, [undefined, 'a', undefined]);
	});

	test('shows nothing that is made up to somebody who tries it out, and says so', async () => {
		const data: IDataObject = { state: 'kept', subject: 'ticket.created ' };
		const { poll, states } = polled([
			{ state: 'a', ids: ['7'] },
			{ state: 'b', ids: [] },
		]);
		assert.deepEqual(ids(await poll(data, 'manual')), ['7'], 'what the service has');
		await assert.rejects(async () => poll(data, 'manual'), /nothing to show/);
		await assert.rejects(async () => poll(data, 'manual'), /did not work/, 'a failure is shown, too');
		assert.deepEqual(states, [undefined, undefined, undefined], 'as at the first poll');
		assert.deepEqual(data, { state: 'kept', subject: 'ticket.created ' }, 'the active workflow goes on where it was');
	});
});

describe('a webhook', () => {
	const calls: unknown[][] = [];
	const type = node('DeskTrigger', {
		triggers: {
			subscribe: (_, __, ___, ____, endpoint, state) => {
				calls.push(['subscribe', endpoint.callbackUrl, endpoint.signingSecret.length >= 32, state]);
				return { state: 'subscribed', report };
			},
			unsubscribe: (_, __, ___, ____, state) => {
				calls.push(['unsubscribe', state]);
				return report;
			},
			poll: (_, __, ___, ____, state) => {
				calls.push(['poll', state]);
				return { events: [event('0'), event('1')], state: 'polled', more: false, nextPollMs: 0, report };
			},
			receive: (_, __, ___, ____, endpoint, state, delivery) => {
				calls.push(['receive', endpoint.signingSecret.length >= 32, state, Buffer.from(delivery.body).toString()]);
				const authentic = delivery.headers.some(({ name, value }) => name === 'x-key' && value === 'right');
				return {
					events: authentic ? [event('1')] : [],
					state,
					reply: { status: authentic ? 204 : 401, headers: [], body: new Uint8Array() },
					report,
				};
			},
		},
	});
	const hook = (staticData: IDataObject, activation = 'activate') =>
		({
			...contextOf(type.description, { parameters, credentials, staticData }),
			getActivationMode: () => activation,
			getNodeWebhookUrl: () => 'https://n8n.example.com/webhook/1',
		}) as unknown as IHookFunctions;
	const deliver = async (staticData: IDataObject, key: string) => {
		let status = 0;
		const result = await type.webhook?.call({
			...contextOf(type.description, { parameters, credentials, staticData, mode: 'webhook' }),
			getNodeWebhookUrl: () => 'https://n8n.example.com/webhook/1',
			getHeaderData: () => ({ 'x-key': key }),
			getRequestObject: () => ({ method: 'POST', originalUrl: '/webhook/1', rawBody: Buffer.from('body') }),
			getResponseObject: () => ({ status: (code: number) => (status = code), setHeader: () => {}, end: () => {} }),
		} as unknown as IWebhookFunctions);
		return { status, items: result?.workflowData?.[0]?.map(({ json }) => json.id) ?? [] };
	};

	const methods = type.webhookMethods?.default;

	test('is made once, found again, and leaves nothing behind', async () => {
		const data: IDataObject = {};
		assert.equal(await methods?.checkExists?.call(hook(data)), false);
		await methods?.create?.call(hook(data));
		assert.equal(await methods?.checkExists?.call(hook(data)), true);
		await methods?.delete?.call(hook(data));
		assert.deepEqual(data, {});
		assert.deepEqual(calls, [
			['subscribe', 'https://n8n.example.com/webhook/1', true, undefined],
			['subscribe', 'https://n8n.example.com/webhook/1', true, 'subscribed'],
			['unsubscribe', 'subscribed'],
		]);
	});

	test('that cannot be made says what to do in the headline, since n8n shows no more', async () => {
		const refused = { payload: { ...error('forbidden').payload, advice: 'Give the application the permission “admin”' } };
		const broken = node('DeskTrigger', {
			triggers: {
				subscribe: () => {
					throw refused;
				},
			},
		});
		const creating = async () => broken.webhookMethods?.default?.create?.call(hook({}));
		await assert.rejects(creating, ({ message }: Error) => message === 'It did not work. Give the application the permission “admin”.');
	});

	test('is taken down, too, that somebody tried out', async () => {
		const data: IDataObject = {};
		await methods?.create?.call(hook(data, 'manual'));
		calls.length = 0;
		// So n8n calls it, whatever was created.
		await methods?.delete?.call(hook(data, 'update'));
		assert.deepEqual(calls, [['unsubscribe', 'subscribed']]);
	});

	test('tells each event once, of authentic deliveries only', async () => {
		const data: IDataObject = {};
		await methods?.create?.call(hook(data));
		calls.length = 0;
		assert.deepEqual(await deliver(data, 'right'), { status: 204, items: ['1'] });
		assert.deepEqual(await deliver(data, 'right'), { status: 204, items: [] }, 'the same event again');
		assert.deepEqual(await deliver(data, 'wrong'), { status: 401, items: [] });
		assert.deepEqual(calls, [
			['receive', true, 'subscribed', 'body'],
			['receive', true, 'subscribed', 'body'],
			['receive', true, 'subscribed', 'body'],
		]);
	});

	test('tells an event once though n8n has not yet written what the delivery before it changed', async () => {
		const data: IDataObject = {};
		await methods?.create?.call(hook(data));
		const told = await Promise.all([deliver(structuredClone(data), 'right'), deliver(structuredClone(data), 'right')]);
		assert.deepEqual(told.flatMap(({ items }) => items), ['1']);
		assert.deepEqual((await deliver(structuredClone(data), 'right')).items, []);
	});

	test('tells with the first delivery what it missed while n8n was down', async () => {
		// As another process has left it.
		const data: IDataObject = { state: 'subscribed', secret: 'of-a-process-that-is-gone'.repeat(2), turn: 7 };
		calls.length = 0;
		assert.deepEqual(await deliver(data, 'wrong'), { status: 401, items: [] });
		assert.deepEqual((await deliver(data, 'right')).items, ['0', '1']);
		assert.deepEqual((await deliver(data, 'right')).items, []);
		assert.deepEqual(calls.map(([what]) => what), ['receive', 'receive', 'poll', 'receive']);
	});

	test('knows what was delivered while the workflow was being switched on', async () => {
		const data: IDataObject = {};
		await methods?.create?.call(hook(data));
		const read = structuredClone(data);
		assert.deepEqual((await deliver(structuredClone(data), 'right')).items, ['1']);
		// n8n had read the data before that delivery, and writes it after.
		await methods?.checkExists?.call(hook(read));
		assert.deepEqual((await deliver(structuredClone(read), 'right')).items, ['0'], 'asked again, and only that is new');
	});
});
