// What people see, from a manifest.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { NodeHelpers } from 'n8n-workflow';
import type { INodeParameters, INodeProperties, INodePropertyCollection, INodeTypeDescription } from 'n8n-workflow';

import { credentialType, credentialValues } from '../src/adapter/credential.ts';
import { actionDescription, nodeAreas } from '../src/adapter/description.ts';
import { triggerForm } from '../src/adapter/events.ts';
import { actionsOf, jsonOf } from '../src/adapter/form.ts';
import { webhookDescription } from '../src/adapter/webhook.ts';
import { pollingDescription } from '../src/adapter/polling.ts';
import { valueOf as valueIn } from '../src/adapter/values.ts';
import type { Manifest, Schema } from '../src/manifest.ts';
import { label, message } from '../src/adapter/words.ts';
import { manifest as halopsa } from './support/built.ts';
import { filledIn } from './support/filled.ts';
import { manifest as desk } from './support/fixture.ts';

const ZONE = 'Europe/Berlin';
const valueOf = (manifest: Manifest, schema: Schema, raw: unknown, zone = ZONE) => valueIn(manifest, schema, raw, zone);
/** The action nodes of a component. */
const nodesOf = (manifest: Manifest) => nodeAreas(manifest).map((area) => actionDescription(manifest, area));
const fieldsOf = (manifest: Manifest) => nodesOf(manifest).flatMap(({ properties }) => properties);
/** The action node that has a resource. */
const nodeWith = (manifest: Manifest, resource: string) =>
	nodesOf(manifest).find(({ properties }) =>
		properties.some(({ name, options }) => name === 'resource' && options?.some((each) => 'value' in each && each.value === resource)),
	) as INodeTypeDescription;

const field = (fields: INodeProperties[], name: string) => fields.find((each) => each.name === name);
const flat = (fields: INodeProperties[]): INodeProperties[] =>
	fields.flatMap((each) =>
		each.type === 'collection'
			? [each, ...flat((each.options ?? []) as INodeProperties[])]
			: each.type === 'fixedCollection'
				? [each, ...flat(((each.options ?? []) as INodePropertyCollection[]).flatMap(({ values }) => values))]
				: [each],
	);

/** As n8n hands them to a running node. */
function resolved(description: INodeTypeDescription, parameters: INodeParameters): INodeParameters {
	const node = { id: '1', name: 'n', type: 't', typeVersion: 1, position: [0, 0] as [number, number], parameters };
	return NodeHelpers.getNodeParameters(description.properties, parameters, true, false, node, description) ?? {};
}

describe('every example of the component', () => {
	for (const action of actionsOf(halopsa)) {
		const description = nodeWith(halopsa, action.resource);
		const { examples = [], id } = action.operation;
		for (const example of examples) {
			test(`${id}: ${example.title}`, () => {
				const parameters = resolved(description, filledIn(halopsa, action, example.input));
				const json = jsonOf(halopsa, action.layout, (name, fallback) => parameters[name] ?? fallback, ZONE);
				for (const [name, value] of Object.entries(example.input)) {
					// The limit does not count where everything is returned.
					if (name === 'limit' && example.input.return_all === true) continue;
					const same = JSON.stringify(json[name]) === JSON.stringify(value) || String(json[name]) === String(value);
					assert.ok(same, `${name} is ${JSON.stringify(json[name])}, not ${JSON.stringify(value)}`);
				}
			});
		}
	}
});

describe('the action form', () => {
	const properties = fieldsOf(desk);

	test('finds operations under resources, and says what they are', () => {
		assert.deepEqual(field(properties, 'resource')?.options, [
			{ name: 'Ticket', value: 'ticket', description: 'Work' },
		]);
		assert.deepEqual(field(properties, 'operation')?.options, [
			{ name: 'Create', value: 'create', description: 'Makes a ticket', action: 'Create ticket' },
		]);
	});

	test('puts required fields and mapped ones in the open, the others into a collection in order', () => {
		const names = properties.map(({ name }) => name);
		assert.deepEqual(names.slice(2), ['toolDescription', 'client', 'custom', 'additionalFields', 'options', 'outputFile']);
		const closed = (field(properties, 'additionalFields')?.options ?? []) as INodeProperties[];
		assert.deepEqual(closed.map(({ displayName }) => displayName), ['Due', 'Files (Input Data Field Name)', 'Site', 'Teams', 'Urgency', 'Urgent']);
	});

	test('offers a record from a list, by id, and by name or URL', () => {
		const client = field(properties, 'client');
		assert.equal(client?.type, 'resourceLocator');
		assert.deepEqual(client?.modes?.map(({ name }) => name), ['list', 'id', 'name']);
		assert.equal(client?.modes?.[0]?.typeOptions?.searchable, true);
	});

	test('loads again what depends on another field', () => {
		const site = field(flat(properties), 'site');
		assert.ok(field(flat(properties), 'custom')?.typeOptions?.loadOptionsDependsOn?.includes('client.value'));
		assert.equal(site?.type, 'resourceLocator');
	});

	test('never begins with something that changes anything, where there is a choice', () => {
		for (const each of fieldsOf(halopsa).filter(({ name }) => name === 'operation')) {
			const [resource] = each.displayOptions?.show?.resource ?? [];
			const chosen = actionsOf(halopsa).find((action) => action.resource === resource && action.verb === each.default);
			const group = actionsOf(halopsa).filter((action) => action.resource === resource);
			const anyReads = group.some(({ operation }) => operation.annotations.read_only);
			assert.equal(chosen?.operation.annotations.read_only, anyReads, String(resource));
		}
	});

	test('shows at once what is essential, or what the first example fills in, and nothing that changes a record by being there', () => {
		const open = (id: string) =>
			actionsOf(halopsa)
				.find(({ operation }) => operation.id === id)
				?.layout.open.map(({ name }) => name);
		assert.deepEqual(open('note.add'), ['ticket_id', 'note']);
		assert.deepEqual(open('mapping.suggest'), ['name', 'domain']);
		assert.deepEqual(open('ticket.create'), ['summary', 'details', 'client_id', 'user_id', 'tickettype_id', 'priority_id', 'customfields']);
		// The example sets a switch, which could not be left alone.
		assert.deepEqual(open('asset.update'), ['id', 'status_id']);
	});

	test('asks for permission where a model could change anything', () => {
		const fields = fieldsOf(halopsa);
		for (const { operation, resource, verb } of actionsOf(halopsa)) {
			const here = ({ show }: NonNullable<INodeProperties['displayOptions']>) =>
				show?.resource?.[0] === resource && show.operation?.[0] === verb;
			const options = fields.find((each) => each.name === 'options' && here(each.displayOptions ?? {}))?.options ?? [];
			const asks = options.some(({ name }) => name === 'confirmed');
			assert.equal(asks, !operation.annotations.read_only, operation.id);
		}
	});

	test('takes several numbers as text, or as an expression gives them', () => {
		const schema = { type: ['integer', 'array'], items: { type: 'integer' } };
		assert.deepEqual(['3, 7', '[3,7]', 3, [3, 7], 'x'].map((given) => valueOf(desk, schema, given)), [
			[3, 7],
			[3, 7],
			3,
			[3, 7],
			['x'],
		]);
	});

	test('offers several records from a list, and takes them as an expression gives them', () => {
		const statuses = flat(fieldsOf(halopsa)).filter(({ name, displayName }) => name === 'status' && displayName === 'Statuses');
		assert.ok(statuses.length >= 1);
		for (const each of statuses) {
			assert.equal(each.type, 'multiOptions');
			assert.equal(each.typeOptions?.loadOptionsMethod, 'options_statuses');
		}
		const trigger = field(flat(triggerForm(halopsa, 'poll')), 'to_status_ids');
		assert.equal(trigger?.type, 'multiOptions');
		const schema = desk.operations[0]?.input.properties?.teams ?? {};
		const given = [[3, 'Gamma'], 'Gamma, Delta', 7, '3, 7'];
		assert.deepEqual(given.map((value) => valueOf(desk, schema, value)), [[3, 'Gamma'], 'Gamma, Delta', 7, '3, 7']);
	});

	test('keeps the conventions of n8n', () => {
		const fields = fieldsOf(halopsa);
		for (const each of flat(fields)) {
			if (each.type === 'notice') continue;
			assert.match(each.displayName, /^[\p{Lu}\d]/u, each.name);
			assert.doesNotMatch(each.displayName, /\b(Ids?|Url)\b/, each.name);
			assert.ok(!(each.description ?? '').endsWith('.') || (each.description ?? '').includes('. '), each.description);
			if (each.type === 'boolean') assert.match(each.description ?? '', /^Whether/, each.name);
			if (each.placeholder?.includes('@')) assert.match(each.placeholder, /^e\.g\. /);
			if (each.name === 'limit') assert.ok((each.typeOptions?.minValue ?? 0) >= 1 && each.default === 50);
		}
	});

	test('has no two fields of one name under the same conditions', () => {
		for (const description of [...nodesOf(halopsa), { properties: triggerForm(desk, 'poll') }]) {
			const keys = description.properties.map((each) => `${each.name} ${JSON.stringify(each.displayOptions)}`);
			assert.equal(new Set(keys).size, keys.length);
		}
	});
});

describe('a new form', () => {
	const fields = fieldsOf(halopsa);
	const of = (resource: string, operation: string) =>
		fields.filter(({ displayOptions }) => displayOptions?.show?.resource?.[0] === resource && displayOptions.show.operation?.[0] === operation);
	const named = (resource: string, operation: string, name: string) => field(flat(of(resource, operation)), name);

	test('begins with the defaults of the component', () => {
		assert.equal(named('note', 'add', 'hiddenfromuser')?.default, true);
		assert.equal(named('time', 'log', 'hiddenfromuser')?.default, true);
		assert.equal(named('ticket', 'list', 'includeagent')?.default, true);
		assert.equal(named('ticket', 'find_or_append', 'if_user_missing')?.default, 'fail');
		const trigger = flat(triggerForm(halopsa, 'webhook'));
		assert.ok(trigger.filter(({ name }) => name === 'reread').every((each) => each.default === true));
	});

	test('says nothing with a number or a choice that was added and left alone', () => {
		for (const each of flat(fields).filter(({ type }) => type === 'number' || type === 'options')) {
			if (['resource', 'operation', 'timeout', 'limit'].includes(each.name) || each.required === true) continue;
			const stated = JSON.stringify(halopsa).includes(`"${each.name}":{`);
			assert.ok(stated && (each.default === '' || typeof each.default !== 'number' || each.default > 0 || each.name === 'samples'), `${each.name}: ${String(each.default)}`);
		}
		assert.equal(named('ticket', 'create', 'source')?.default, '');
		assert.equal(named('ticket', 'find_or_append', 'window_hours')?.default, '');
	});

	test('sends nothing for fields that were added and left as they come', () => {
		for (const action of actionsOf(halopsa)) {
			const members = [...action.layout.closed, ...action.layout.options];
			const description = nodeWith(halopsa, action.resource);
			const untouched = (collection: string) => {
				const show = ({ displayOptions }: INodeProperties) =>
					displayOptions?.show?.resource?.[0] === action.resource && displayOptions.show.operation?.[0] === action.verb;
				const found = description.properties.find((each) => each.name === collection && show(each));
				return Object.fromEntries(((found?.options ?? []) as INodeProperties[]).map((each) => [each.name, each.default]));
			};
			const given: Record<string, unknown> = { [action.layout.collection]: untouched(action.layout.collection), options: untouched('options') };
			const json = jsonOf(halopsa, action.layout, (name, fallback) => given[name] ?? fallback, ZONE);
			for (const [name, value] of Object.entries(json)) {
				const schema = members.find((each) => each.name === name)?.schema;
				const isSwitch = typeof value === 'boolean';
				assert.ok(isSwitch || value === schema?.default, `${action.operation.id}: ${name} is ${JSON.stringify(value)}`);
			}
		}
	});

	test('lists the newest open tickets first, and says so', () => {
		assert.deepEqual(named('ticket', 'list', 'filters')?.default, { open_only: true });
		const sort = named('ticket', 'list', 'sort');
		assert.deepEqual(sort?.default, { orderdesc: true });
		assert.deepEqual(sort?.displayOptions?.show?.return_all, [false]);
	});

	test('has what a list depends on above it', () => {
		for (const action of actionsOf(halopsa)) {
			const names = action.layout.open.map(({ name }) => name);
			for (const [index, { name, schema }] of action.layout.open.entries()) {
				for (const source of Object.values(schema['x-options']?.parameters ?? {}).map((pointer) => pointer.slice(1))) {
					assert.ok(!names.includes(source) || names.indexOf(source) < index, `${action.operation.id}: ${source} is below ${name}`);
				}
			}
		}
	});

	test('has what needs a file begin with the file', () => {
		const upload = of('attachment', 'upload').filter(({ type }) => type !== 'notice');
		assert.deepEqual([upload[0]?.name, upload[0]?.default, upload[0]?.required], ['inputFiles', 'data', true]);
		assert.ok(of('note', 'add').every(({ name }) => name !== 'inputFiles'));
		assert.equal(named('note', 'add', 'inputFiles')?.displayName, 'Files (Input Data Field Name)');
	});

	test('keeps rare fields apart from those that are needed', () => {
		const closed = (named('ticket', 'create', 'additionalFields')?.options ?? []) as INodeProperties[];
		const options = ((named('ticket', 'create', 'options')?.options ?? []) as INodeProperties[]).map(({ name }) => name);
		assert.ok(options.includes('_agent01_ok') && options.includes('merged_into_id'));
		assert.ok(closed.every(({ name }) => !name.startsWith('_')), 'no switch of the API');
		assert.ok(closed.length < 75, String(closed.length));
	});

	test('has boxes for long texts, and entries where the schema knows them', () => {
		for (const [resource, operation, name] of [['ticket', 'create', 'details'], ['note', 'add', 'note'], ['ticket', 'close', 'closure_note'], ['email', 'send', 'emailbody']] as const) {
			assert.equal(named(resource, operation, name)?.typeOptions?.rows, 4, name);
		}
		const lines = named('invoice', 'create', 'lines');
		assert.deepEqual([lines?.type, lines?.typeOptions?.multipleValues], ['fixedCollection', true]);
		const members = ((lines?.options ?? []) as INodePropertyCollection[])[0]?.values.map(({ name }) => name);
		assert.ok(members?.includes('qty_order') && members.includes('unit_price'));
		assert.match(named('quotation', 'create', 'lines')?.description ?? '', /Example: \[\{"item_id"/);
	});

	test('has help for every field, in the words of the form', () => {
		for (const each of flat([...fields, ...triggerForm(halopsa, 'poll'), ...triggerForm(halopsa, 'webhook')])) {
			const isItself = ['notice', 'collection'].includes(each.type) || ['resource', 'operation', 'event'].includes(each.name);
			assert.ok(isItself || (each.description ?? '') !== '', `${each.name} has no help`);
			assert.doesNotMatch(`${each.description ?? ''} ${each.displayName}`, /`/, each.name);
			assert.doesNotMatch(each.description ?? '', /Whether it is so/, each.name);
		}
	});

	test('says what an operation does in a sentence, and the rest below it', () => {
		for (const operation of fields.filter(({ name }) => name === 'operation')) {
			for (const { description = '', action = '' } of (operation.options ?? []) as Array<{ description?: string; action?: string }>) {
				assert.ok(description.length <= 110 && !description.endsWith('.'), description);
				assert.doesNotMatch(action, /\b(a|an|the)\b|^List/);
			}
		}
		const notice = named('ticket', 'find_or_append', 'about');
		assert.equal(notice?.type, 'notice');
		assert.match(notice?.displayName ?? '', /customers can see/);
	});
});

describe('the nodes', () => {
	test('can be surveyed, and are not mistaken for the built-in ones', () => {
		const nodes = nodesOf(halopsa);
		assert.deepEqual(nodes.map(({ displayName }) => displayName), ['HaloPSA Service Desk', 'HaloPSA Billing', 'HaloPSA Administration']);
		for (const node of nodes) {
			const bytes = Buffer.byteLength(JSON.stringify(node));
			console.log(`description of ${node.displayName}: ${Math.round(bytes / 1000)} KB`);
			assert.ok(bytes < 300_000, `${node.name}: ${bytes}`);
		}
		const operations = nodes.flatMap(({ properties }) => properties.filter(({ name }) => name === 'operation').flatMap(({ options = [] }) => options));
		assert.equal(operations.length, halopsa.operations.length);
		assert.equal(credentialType(halopsa).displayName, 'HaloPSA (Component) API');
	});

	test('say in the panel what the trigger of the same entry does and what the actions do', () => {
		const { description } = webhookDescription(halopsa);
		assert.match(description, /tickets.*webhook/i);
		assert.match(pollingDescription(halopsa).description, /every event/);
	});
});

describe('a value of a form', () => {
	const of = (schema: Schema, raw: unknown, zone?: string) => valueOf(halopsa, schema, raw, zone);
	const mapped: Schema = { type: ['object', 'array'], 'x-options': { list: 'ticket_fields' } };
	const record: Schema = { type: ['integer', 'string'], 'x-options': { list: 'clients' } };

	test('is not sent where it is empty, whatever the field', () => {
		const schemas: Schema[] = [
			{ type: 'string' },
			{ type: 'integer' },
			{ type: 'boolean' },
			{ type: 'string', format: 'date-time' },
			{ type: 'string', enum: ['a'] },
			{ type: ['integer', 'array'], items: { type: 'integer' } },
			{ type: ['integer', 'string', 'array'], items: record },
			{ type: 'array', items: { type: 'object' } },
			{ type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
			record,
			mapped,
		];
		for (const schema of schemas) {
			for (const empty of [null, undefined, '', ' ', []]) assert.equal(of(schema, empty), undefined, `${JSON.stringify(schema)} ${JSON.stringify(empty)}`);
		}
		for (const empty of [[''], [null], ['', { __rl: true, value: '' }]]) {
			assert.equal(of({ type: ['integer', 'string', 'array'], items: record }, empty), undefined);
		}
		for (const empty of ['[]', '{}', { __rl: true, mode: 'list', value: '' }, { __rl: true, mode: 'id', value: null }]) {
			assert.equal(of({ type: 'array', items: { type: 'object' } }, empty), undefined);
		}
	});

	test('of custom fields may be an object, a list or either as text, and is never dropped', () => {
		assert.deepEqual(of(mapped, { CFa: 1, CFb: null }), { CFa: 1 });
		assert.deepEqual(of(mapped, [{ name: 'CFa', value: 'Room 7' }]), [{ name: 'CFa', value: 'Room 7' }]);
		assert.deepEqual(of(mapped, '{"CFa":"Room 8"}'), { CFa: 'Room 8' });
		assert.deepEqual(of(mapped, '[{"id":3,"value":1}]'), [{ id: 3, value: 1 }]);
		// The component says what is wrong with these.
		assert.equal(of(mapped, 'Room 8'), 'Room 8');
		assert.equal(of(mapped, 7), 7);
		assert.deepEqual(of(mapped, { mappingMode: 'defineBelow', value: '{"CFa":1}' }), { CFa: 1 });
	});

	test('of a date is in the time zone of the workflow, in summer and in winter', () => {
		const date: Schema = { type: 'string', format: 'date-time' };
		const zone = 'America/New_York';
		assert.equal(of(date, '2026-11-21T10:00:00', zone), '2026-11-21T10:00:00-05:00');
		assert.equal(of(date, '2026-07-21T10:00:00', zone), '2026-07-21T10:00:00-04:00');
		assert.equal(of(date, '2026-07-21 10:00', zone), '2026-07-21T10:00:00-04:00');
		assert.equal(of(date, '2026-11-21', zone), '2026-11-21T00:00:00-05:00');
		// Right behind the change of the clocks, and in the hour that does not exist.
		assert.equal(of(date, '2026-03-08T03:30:00', zone), '2026-03-08T03:30:00-04:00');
		assert.equal(Date.parse(String(of(date, '2026-03-08T02:30:00', zone))) > 0, true);
		assert.equal(of(date, '2026-01-05T09:15:00', 'Asia/Kolkata'), '2026-01-05T09:15:00+05:30');
		for (const whole of ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00+01:00', 'tomorrow', '2026-99-01T00:00:00']) {
			assert.equal(of(date, whole, zone), whole);
		}
		assert.equal(of(date, { toISO: () => '2026-11-27T16:43:01.555-05:00' }), '2026-11-27T16:43:01.555-05:00');
	});

	test('of a date has its offset inside of custom fields and entries, too', () => {
		const zone = 'America/New_York';
		const given = {
			mappingMode: 'defineBelow',
			value: { CFgolive: '2026-11-21T10:00:00', CFtext: '2026-11-21T10:00:00', CFnow: { toISO: () => '2026-11-27T16:43:01.000-05:00' } },
			schema: [{ id: 'CFgolive', type: 'dateTime' }, { id: 'CFtext', type: 'string' }],
		};
		assert.deepEqual(of(mapped, given, zone), { CFgolive: '2026-11-21T15:00:00Z', CFtext: '2026-11-21T10:00:00', CFnow: '2026-11-27T21:43:01Z' });
		const entries: Schema = { type: 'array', items: { type: 'object', properties: { when: { type: 'string', format: 'date-time' }, what: { type: 'string' } } } };
		const want = [{ when: '2026-11-21T10:00:00-05:00', what: 'x' }];
		assert.deepEqual(of(entries, { entry: [{ when: '2026-11-21T10:00:00', what: 'x' }, { when: '', what: '' }] }, zone), want);
		assert.deepEqual(of(entries, '[{"when":"2026-11-21T10:00:00","what":"x"}]', zone), want);
	});
});

describe('words', () => {
	const properties = [
		{ name: 'sla_id', schema: { title: 'SLA' }, required: false, inherited: false },
		{ name: 'tickettype_id', schema: { title: 'Ticket type' }, required: false, inherited: false },
		{ name: 'summary', schema: { title: 'Summary' }, required: true, inherited: false },
		{ name: 'if_user_missing', schema: { title: 'If there is no such user', enum: ['fail', 'general_user'] }, required: false, inherited: false },
	];

	test('of errors are those of the form', () => {
		const said = (text: string, field?: string) => message(text, properties, field);
		assert.equal(said('It needs sla_id, or tickettype_id.', 'sla_id'), 'It needs “SLA”, or “Ticket Type”.');
		assert.equal(said('It needs summary, or sla_id and tickettype_id.'), 'It needs “Summary”, or “SLA” and “Ticket Type”.');
		assert.equal(said('Fill in sla_id, or ticket_id. Or give the id.'), 'Fill in “SLA”. Or give the id.', 'the form has no other way');
		assert.equal(said('Fill in what is missing.'), 'Fill in what is missing.');
		assert.equal(said('The field "summary" is missing.', 'summary'), 'The field “Summary” is missing.');
		assert.equal(said('Fill in summary.', 'summary'), 'Fill in “Summary”.');
		assert.equal(said('choose general_user as if_user_missing'), 'choose “General User” as “If There Is No Such User”');
		assert.equal(said('A summary was sent to https://example.com/sla_id.'), 'A summary was sent to https://example.com/sla_id.');
	});

	test('of labels are capital where titles are', () => {
		assert.deepEqual(['find_or_append', 'Category 1 (id)', 'User by email', 'Fix by', 'Client id'].map(label), ['Find or Append', 'Category 1 (ID)', 'User by Email', 'Fix By', 'Client ID']);
	});
});

describe('the credential form', () => {
	test('hides secrets, and what is rarely needed', () => {
		const { properties } = credentialType(halopsa);
		for (const secret of halopsa.credentials.fields.filter(({ kind }) => kind === 'secret')) {
			assert.equal(field(properties, secret.name)?.typeOptions?.password, true);
		}
		const advanced = halopsa.credentials.fields.filter((each) => each.advanced);
		assert.ok(advanced.every(({ name }) => field(properties, name)?.displayOptions?.show?.advanced_settings));
	});

	test('passes on what is shown and filled in', () => {
		const data = { hosting_type: 'on_premise', url: 'x', tenant: 'left over', client_id: ' ', auth_url: 'hidden' };
		assert.deepEqual(credentialValues(halopsa, data), { hosting_type: 'on_premise', url: 'x' });
	});
});
