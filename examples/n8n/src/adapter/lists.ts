// Dropdowns: the component's lists as n8n asks for them. A list that cannot be
// loaded is an error and never an empty one.

import type {
	FieldType,
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
	INodePropertyOptions,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';

import type { List, Manifest, Reference, Schema } from '../manifest.ts';
import { properties } from '../manifest.ts';
import type { Entry } from '../runtime/contract.ts';
import { failureOf } from '../runtime/failure.ts';
import { credentialProperties } from './credential.ts';
import { errorFor } from './errors.ts';
import { places } from './fields.ts';
import { actionsOf } from './form.ts';
import type { Action } from './form.ts';
import { FIELDS_METHOD, NAMES_METHOD, columnsMethod, optionsMethod, references, searchMethod } from './methods.ts';
import { returnedBy } from './output.ts';
import type { Package } from './package.ts';
import { namesIn, shapeOf, sourcesOf } from './shapes.ts';
import { isGiven, located } from './values.ts';
import { label, labelOf } from './words.ts';

/** How many parts of a list a dropdown without search is filled from. */
const PARTS = 20;

/** The last entry of a list that was cut. Its value is empty, which is never sent. */
const MORE = (count: number): INodePropertyOptions => ({
	name: `… The List Ends Here, After ${count.toLocaleString('en-US')} Entries`,
	value: '',
	description: 'Give others by an expression: ids or names, with commas between them',
});

export function listMethods(node: Package) {
	const listSearch: Record<
		string,
		(this: ILoadOptionsFunctions, filter?: string, token?: string) => Promise<INodeListSearchResult>
	> = {};
	const loadOptions: Record<string, (this: ILoadOptionsFunctions) => Promise<INodePropertyOptions[]>> = {};
	const resourceMapping: Record<string, (this: ILoadOptionsFunctions) => Promise<ResourceMapperFields>> = {};
	for (const reference of references(node.manifest)) {
		listSearch[searchMethod(reference)] = async function (filter, token) {
			const { entries, next } = await part(this, node, reference, filter, token);
			return { results: choices(entries, isOpen(this, reference)), ...(next === undefined ? {} : { paginationToken: next }) };
		};
		loadOptions[optionsMethod(reference)] = async function () {
			const { entries, cut } = await whole(this, node, reference);
			return [...choices(entries, isOpen(this, reference)), ...(cut ? [MORE(entries.length)] : [])];
		};
		resourceMapping[columnsMethod(reference)] = async function () {
			const { entries } = await whole(this, node, reference);
			const here = (name: string) => places(name).some((place) => this.getCurrentNodeParameter(place) !== undefined);
			const sources = sourcesOf(reference).filter(here).map((name) => `“${titleOf(node.manifest, name)}”`);
			const notice = sources.length === 0 ? {} : { emptyFieldsNotice: `The fields depend on ${sources.join(' and ')}.` };
			return { fields: entries.flatMap((entry) => column(node, entry)), ...notice };
		};
	}
	loadOptions[NAMES_METHOD] = function () {
		const all = properties(node.manifest, chosen(this, node)?.operation.input ?? {});
		const names = all.flatMap(({ schema }) => namesIn(node.manifest, schema, all));
		const options = names.map((name) => ({ name: labelOf(all, name), value: name }));
		return Promise.resolve(options.sort((a, b) => a.name.localeCompare(b.name)));
	};
	loadOptions[FIELDS_METHOD] = function () {
		const action = chosen(this, node);
		const names = action === undefined ? [] : returnedBy(node.manifest, action);
		return Promise.resolve(names.map((name) => ({ name, value: name })));
	};
	return { listSearch, loadOptions, resourceMapping };
}

/** The action that the form is about now. */
function chosen(self: ILoadOptionsFunctions, node: Package): Action | undefined {
	const [resource, operation] = [self.getCurrentNodeParameter('resource'), self.getCurrentNodeParameter('operation')];
	return actionsOf(node.manifest).find((each) => each.resource === resource && each.verb === operation);
}

async function part(
	self: ILoadOptionsFunctions,
	node: Package,
	reference: Reference,
	search: string | undefined,
	cursor: string | undefined,
) {
	const list = node.manifest.lists.find((each) => each.name === reference.list);
	const params = JSON.stringify(parameters(self, reference, list));
	try {
		const account = await node.account(self);
		return await account.call({}, (exports, context, connection) => {
			if (exports.lookup === undefined) throw new Error('The component has no lists.');
			return exports.lookup.options(context, connection, reference.list, params, search || undefined, cursor);
		});
	} catch (error) {
		const all = node.manifest.operations.flatMap((operation) => properties(node.manifest, operation.input));
		throw errorFor(self.getNode(), failureOf(error).error, { readOnly: true, properties: [...all, ...credentialProperties(node.manifest)] });
	}
}

async function whole(
	self: ILoadOptionsFunctions,
	node: Package,
	reference: Reference,
): Promise<{ entries: Entry[]; cut: boolean }> {
	const all: Entry[] = [];
	let cursor: string | undefined;
	for (let parts = 0; parts < PARTS; parts += 1) {
		const { entries, next } = await part(self, node, reference, undefined, cursor);
		all.push(...entries);
		if (next === undefined) return { entries: all, cut: false };
		cursor = next;
	}
	return { entries: all, cut: true };
}

/** The label of a property, by its name. */
function titleOf(manifest: Manifest, name: string): string {
	const all = manifest.operations.flatMap((operation) => properties(manifest, operation.input));
	return label(all.find((each) => each.name === name)?.schema.title ?? name);
}

/** What the list depends on, as it stands in the form now. */
function parameters(self: ILoadOptionsFunctions, reference: Reference, list: List | undefined): Record<string, unknown> {
	const values: Record<string, unknown> = {};
	for (const [name, pointer] of Object.entries(reference.parameters ?? {})) {
		const field = pointer.split('/')[1] ?? '';
		const stated = places(field)
			.map((place) => located(self.getCurrentNodeParameter(place)))
			.find((value) => isGiven(value));
		if (stated === undefined) continue;
		const schema = list?.parameters.properties?.[name];
		const number = [schema?.type].flat().some((type) => type === 'integer' || type === 'number');
		values[name] = number && /^-?\d+$/.test(String(stated)) ? Number(stated) : stated;
	}
	return values;
}

/** Whether nothing is chosen of what the list depends on, so that names of several parents are in it. */
function isOpen(self: ILoadOptionsFunctions, reference: Reference): boolean {
	const sources = sourcesOf(reference);
	const given = sources.filter((name) => places(name).some((place) => isGiven(located(self.getCurrentNodeParameter(place)))));
	return sources.length > 0 && given.length === 0;
}

/** Entries to choose, in a tree with the names above them; `beside` their names what tells them apart. */
function choices(entries: Entry[], beside: boolean): INodeListSearchItems[] {
	const known = new Map(entries.map((entry) => [entry.value, entry]));
	const path = (entry: Entry, depth = 0): string => {
		const parent = entry.parent === undefined || depth > 8 ? undefined : known.get(entry.parent);
		return parent === undefined ? entry.label : `${path(parent, depth + 1)} > ${entry.label}`;
	};
	return entries
		.filter((entry) => !entry.disabled)
		.map((entry) => {
			const value: unknown = JSON.parse(entry.value);
			const description = entry.description === undefined ? {} : { description: entry.description };
			const name = beside && entry.description !== undefined ? `${path(entry)} (${entry.description})` : path(entry);
			return { name, value: typeof value === 'number' ? value : String(value), ...description };
		});
}

const COLUMNS: Partial<Record<ReturnType<typeof shapeOf>, FieldType>> = {
	'whole-number': 'number',
	number: 'number',
	boolean: 'boolean',
	'date-time': 'dateTime',
	choice: 'options',
	choices: 'array',
	texts: 'array',
	records: 'array',
	json: 'object',
};

/** A custom field. The others have a place of their own in the form. */
function column(node: Package, entry: Entry): ResourceMapperField[] {
	const details = JSON.parse(entry.details ?? '{}') as { schema?: Schema; required?: boolean; custom?: boolean };
	if (details.custom === false) return [];
	const schema = details.schema ?? {};
	const shape = shapeOf(node.manifest, schema);
	const type = (schema.type === undefined && shape === 'json' ? undefined : COLUMNS[shape]) ?? 'string';
	const values = schema.enum ?? schema.oneOf?.map((each) => each.const) ?? [];
	const options = values.map((value, index) => ({
		name: schema.oneOf?.[index]?.title ?? String(value),
		value: value as string | number,
	}));
	return [
		{
			id: String(JSON.parse(entry.value)),
			displayName: entry.label,
			required: details.required ?? false,
			defaultMatch: false,
			canBeUsedToMatch: false,
			display: true,
			type,
			...(type === 'options' ? { options } : {}),
		},
	];
}
