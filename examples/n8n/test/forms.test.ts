// What people see, from a manifest.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { NodeHelpers } from 'n8n-workflow';
import type { INodeParameters, INodeProperties, INodePropertyCollection, INodeTypeDescription } from 'n8n-workflow';

import { credentialType, credentialValues } from '../src/adapter/credential.ts';
import { actionDescription } from '../src/adapter/description.ts';
import { triggerForm } from '../src/adapter/events.ts';
import { valueOf } from '../src/adapter/fields.ts';
import { actionsOf, jsonOf } from '../src/adapter/form.ts';
import { manifest as halopsa } from './support/built.ts';
import { filledIn } from './support/filled.ts';
import { manifest as desk } from './support/fixture.ts';

const field = (fields: INodeProperties[], name: string) => fields.find((each) => each.name === name);
const flat = (fields: INodeProperties[]): INodeProperties[] =>
	fields.flatMap((each) =>
		each.type === 'collection' ? [each, ...flat((each.options ?? []) as INodeProperties[])] : [each],
	);

/** As n8n hands them to a running node. */
function resolved(description: INodeTypeDescription, parameters: INodeParameters): INodeParameters {
	const node = { id: '1', name: 'n', type: 't', typeVersion: 1, position: [0, 0] as [number, number], parameters };
	return NodeHelpers.getNodeParameters(description.properties, parameters, true, false, node, description) ?? {};
}

describe('every example of the component', () => {
	const description = actionDescription(halopsa);
	for (const action of actionsOf(halopsa)) {
		const { examples = [], id } = action.operation;
		for (const example of examples) {
			test(`${id}: ${example.title}`, () => {
				const parameters = resolved(description, filledIn(halopsa, action, example.input));
				const json = jsonOf(halopsa, action.layout, (name, fallback) => parameters[name] ?? fallback);
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
	const { properties } = actionDescription(desk);

	test('finds operations under resources, and says what they are', () => {
		assert.deepEqual(field(properties, 'resource')?.options, [
			{ name: 'Ticket', value: 'ticket', description: 'Service desk: Work.' },
		]);
		assert.deepEqual(field(properties, 'operation')?.options, [
			{ name: 'Create', value: 'create', description: 'Makes a ticket.', action: 'Create a ticket' },
		]);
	});

	test('puts required fields and mapped ones in the open, the others into a collection in order', () => {
		const names = properties.map(({ name }) => name);
		assert.deepEqual(names.slice(2), ['client', 'custom', 'additionalFields', 'inputFiles', 'outputFile', 'options']);
		const closed = (field(properties, 'additionalFields')?.options ?? []) as INodePropertyCollection[];
		assert.deepEqual(closed.map(({ displayName }) => displayName), ['Due', 'Site', 'Teams', 'Urgency', 'Urgent']);
	});

	test('offers a record from a list, by id, by name and by URL', () => {
		const client = field(properties, 'client');
		assert.equal(client?.type, 'resourceLocator');
		assert.deepEqual(client?.modes?.map(({ name }) => name), ['list', 'id', 'name', 'url']);
		assert.equal(client?.modes?.[0]?.typeOptions?.searchable, true);
	});

	test('loads again what depends on another field', () => {
		const site = field(flat(properties), 'site');
		assert.ok(field(flat(properties), 'custom')?.typeOptions?.loadOptionsDependsOn?.includes('client.value'));
		assert.equal(site?.type, 'resourceLocator');
	});

	test('never begins with something that changes anything, where there is a choice', () => {
		for (const each of actionDescription(halopsa).properties.filter(({ name }) => name === 'operation')) {
			const [resource] = each.displayOptions?.show?.resource ?? [];
			const chosen = actionsOf(halopsa).find((action) => action.resource === resource && action.verb === each.default);
			const group = actionsOf(halopsa).filter((action) => action.resource === resource);
			const anyReads = group.some(({ operation }) => operation.annotations.read_only);
			assert.equal(chosen?.operation.annotations.read_only, anyReads, String(resource));
		}
	});

	test('shows at once what the first example fills in, and nothing that changes a record by being there', () => {
		const open = (id: string) =>
			actionsOf(halopsa)
				.find(({ operation }) => operation.id === id)
				?.layout.open.map(({ name }) => name);
		assert.deepEqual(open('note.add'), ['ticket_id', 'note']);
		assert.deepEqual(open('mapping.suggest'), ['name', 'domain']);
		// The example sets a switch, which could not be left alone.
		assert.deepEqual(open('client.update')?.slice(0, 1), ['id']);
		assert.ok(!open('client.update')?.includes('inactive'));
	});

	test('asks for permission where a model could change anything', () => {
		const { properties: fields } = actionDescription(halopsa);
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
			[3],
			[3, 7],
			['x'],
		]);
	});

	test('offers several records from a list, and takes them as an expression gives them', () => {
		const statuses = flat(actionDescription(halopsa).properties).filter(({ name, displayName }) => name === 'status' && displayName === 'Statuses');
		assert.ok(statuses.length >= 1);
		for (const each of statuses) {
			assert.equal(each.type, 'multiOptions');
			assert.equal(each.typeOptions?.loadOptionsMethod, 'options_statuses');
		}
		const trigger = field(flat(triggerForm(halopsa, 'poll')), 'to_status_ids');
		assert.equal(trigger?.type, 'multiOptions');
		const schema = desk.operations[0]?.input.properties?.teams ?? {};
		const given = [[3, 'Gamma'], 'Gamma, Delta', 7, '3, 7'];
		assert.deepEqual(given.map((value) => valueOf(desk, schema, value)), [[3, 'Gamma'], ['Gamma, Delta'], [7], [3, 7]]);
	});

	test('keeps the conventions of n8n', () => {
		const { properties: fields } = actionDescription(halopsa);
		for (const each of flat(fields)) {
			assert.match(each.displayName, /^[\p{Lu}\d]/u, each.name);
			assert.doesNotMatch(each.displayName, /\b(Ids?|Url)\b/, each.name);
			assert.ok(!(each.description ?? '').endsWith('.') || (each.description ?? '').includes('. '), each.description);
			if (each.type === 'boolean') assert.match(each.description ?? '', /^Whether/, each.name);
			if (each.placeholder?.includes('@')) assert.match(each.placeholder, /^e\.g\. /);
			if (each.name === 'limit') assert.ok((each.typeOptions?.minValue ?? 0) >= 1 && each.default === 50);
		}
	});

	test('has no two fields of one name under the same conditions', () => {
		for (const description of [actionDescription(halopsa), { properties: triggerForm(desk, 'poll') }]) {
			const keys = description.properties.map((each) => `${each.name} ${JSON.stringify(each.displayOptions)}`);
			assert.equal(new Set(keys).size, keys.length);
		}
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
