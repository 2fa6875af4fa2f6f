// The form of an operation or a trigger: required fields first, then those that
// people fill in mostly and what lists have; the others in collections.

import type { INodeProperties } from 'n8n-workflow';

import type { Manifest, Operation, Property, Schema } from '../manifest.ts';
import { properties } from '../manifest.ts';
import { COLLECTIONS, fieldFor } from './fields.ts';
import { SIMPLIFY } from './output.ts';
import { isObject, referenceOf, shapeOf, sourcesOf } from './shapes.ts';
import type { Shape } from './shapes.ts';
import { valueOf } from './values.ts';

type Show = NonNullable<NonNullable<INodeProperties['displayOptions']>['show']>;

/** Members of lists that are in the open though they are optional. */
const IN_THE_OPEN = ['return_all', 'limit'];

/** Shapes of which an empty field says nothing, so that it may be in the open and be left alone. */
const LEFT_ALONE: Shape[] = ['text', 'long-text', 'date-time', 'record', 'whole-number', 'number', 'object', 'objects', 'json'];

type CollectionName = (typeof COLLECTIONS)[keyof typeof COLLECTIONS];

/** Where each property of an object is in the form. */
export interface Layout {
	open: Property[];
	/** Optional ones, in the collection of this name. */
	collection: CollectionName;
	closed: Property[];
	/** What is rarely needed, or is about the call. */
	options: Property[];
	/** What sorts a list. */
	sort: Property[];
	/** What the collections of a new form hold. */
	presets: Record<string, unknown>;
}

/** What an object is for: lists and triggers have filters; `essential` members are filled in mostly. */
interface Purpose {
	filters: boolean;
	essential?: readonly string[];
	presets?: Record<string, unknown>;
}

export function layoutOf(manifest: Manifest, schema: Schema, { filters, essential = [], presets = {} }: Purpose): Layout {
	// How much is returned is chosen by a field of its own.
	const all = properties(manifest, schema).filter(({ name }) => name !== SIMPLIFY);
	// n8n shows a resource mapper only outside of collections; what its fields
	// depend on belongs beside it.
	const isMapped = (property: Property) => shapeOf(manifest, property.schema) === 'columns';
	const deciding = new Set(all.filter(isMapped).flatMap(({ schema: { 'x-options': reference } }) => sourcesOf(reference)));
	const groups = [
		(property: Property) => property.required,
		(property: Property) => filters && IN_THE_OPEN.includes(property.name),
		(property: Property) => essential.includes(property.name) && LEFT_ALONE.includes(shapeOf(manifest, property.schema)),
		(property: Property) => deciding.has(property.name),
		isMapped,
	];
	const groupOf = (property: Property) => groups.findIndex((belongs) => belongs(property));
	const rank = (property: Property) => [groupOf(property), essential.indexOf(property.name), IN_THE_OPEN.indexOf(property.name)];
	const open = all.filter((property) => groupOf(property) >= 0).sort((a, b) => compare(rank(a), rank(b)));
	const rest = all.filter((property) => groupOf(property) < 0);
	const placed = (place: Schema['x-place']) => rest.filter((property) => property.schema['x-place'] === place);
	return {
		open: afterWhatTheyNeed(manifest, open),
		collection: filters ? COLLECTIONS.filters : COLLECTIONS.fields,
		closed: placed(undefined),
		options: placed('options'),
		sort: placed('sort'),
		presets,
	};
}

function compare(a: readonly number[], b: readonly number[]): number {
	const index = a.findIndex((value, position) => value !== b[position]);
	return (a[index] ?? 0) - (b[index] ?? 0);
}

/** In the same order, but each behind those that its list depends on. */
function afterWhatTheyNeed(manifest: Manifest, open: readonly Property[]): Property[] {
	const ordered: Property[] = [];
	const put = (property: Property, above: readonly string[]) => {
		if (ordered.includes(property) || above.includes(property.name)) return;
		for (const source of sourcesOf(referenceOf(manifest, property.schema))) {
			const needed = open.find(({ name }) => name === source);
			if (needed !== undefined) put(needed, [...above, property.name]);
		}
		ordered.push(property);
	};
	for (const property of open) put(property, []);
	return ordered;
}

const TITLES: Record<CollectionName, [title: string, add: string]> = {
	additionalFields: ['Additional Fields', 'Add Field'],
	filters: ['Filters', 'Add Filter'],
	options: ['Options', 'Add Option'],
	sort: ['Sort', 'Add Sorting'],
};

/** Fields of n8n beside those of the component. */
interface More {
	options: INodeProperties[];
	fields: INodeProperties[];
}

/** The fields, shown under these conditions. */
export function formOf(manifest: Manifest, layout: Layout, show: Show, more: More = { options: [], fields: [] }): INodeProperties[] {
	const all = [...layout.open, ...layout.closed, ...layout.options, ...layout.sort];
	const returnsAll = layout.open.some((property) => property.name === 'return_all');
	const whileLimited = returnsAll ? { ...show, return_all: [false] } : show;
	const open = layout.open.map((property) => {
		const shown = property.name === 'limit' ? whileLimited : show;
		return { ...fieldFor(manifest, property, all), displayOptions: { show: shown } };
	});
	const collection = (name: CollectionName, members: readonly Property[], own: INodeProperties[], shown: Show): INodeProperties[] => {
		if (members.length + own.length === 0) return [];
		const fields = [...own, ...members.map((property) => fieldFor(manifest, property, all))];
		const preset = members.filter((member) => member.name in layout.presets).map((member) => [member.name, layout.presets[member.name]]);
		const [displayName, placeholder] = TITLES[name];
		return [
			{
				displayName,
				name,
				type: 'collection',
				placeholder,
				default: Object.fromEntries(preset) as Record<string, string>,
				options: fields.sort((a, b) => a.displayName.localeCompare(b.displayName)),
				displayOptions: { show: shown },
			},
		];
	};
	return [
		...open,
		...collection(layout.collection, layout.closed, more.fields, show),
		// A whole list is read in the order that is safe for it.
		...collection(COLLECTIONS.sort, layout.sort, [], whileLimited),
		...collection(COLLECTIONS.options, layout.options, more.options, show),
	];
}

/** Reads a parameter of the form. */
export type Read = (name: string, fallback: unknown) => unknown;

/** The JSON that the component is given; `zone` is where dates without an offset are. */
export function jsonOf(manifest: Manifest, layout: Layout, read: Read, zone: string): Record<string, unknown> {
	const json: Record<string, unknown> = {};
	const put = ({ name, schema }: Property, raw: unknown) => {
		const value = valueOf(manifest, schema, raw, zone);
		if (value !== undefined) json[name] = value;
	};
	// n8n has no value for a field that is not shown.
	for (const property of layout.open) put(property, read(property.name, null));
	for (const [name, members] of [
		[layout.collection, layout.closed],
		[COLLECTIONS.sort, layout.sort],
		[COLLECTIONS.options, layout.options],
	] as const) {
		const collection = members.length === 0 ? undefined : read(name, {});
		if (!isObject(collection)) continue;
		for (const property of members) put(property, collection[property.name]);
	}
	if (String(json.return_all) === 'true') delete json.limit;
	return json;
}

/** An operation with its form. */
export interface Action {
	operation: Operation;
	/** Value of the operation in the form; the id without its resource. */
	verb: string;
	resource: string;
	layout: Layout;
	/** Whether the component can return what the service sent, too. */
	simplifies: boolean;
}

export function actionsOf(manifest: Manifest): Action[] {
	return manifest.operations.map((operation) => {
		const [first = '', ...rest] = operation.id.split('.');
		const { annotations, examples = [], input, resource = first, presets = {} } = operation;
		const usual = annotations.paginated ? [] : Object.keys(examples[0]?.input ?? {});
		return {
			operation,
			verb: rest.join('.') || first,
			resource,
			simplifies: properties(manifest, input).some(({ name }) => name === SIMPLIFY),
			layout: layoutOf(manifest, input, { filters: annotations.read_only, essential: operation.essential ?? usual, presets }),
		};
	});
}
