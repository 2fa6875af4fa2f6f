// The form of an operation or a trigger: required fields first, then what the
// first example fills in, then what lists have; the others in a collection.

import type { INodeProperties } from 'n8n-workflow';

import type { Manifest, Operation, Property, Schema } from '../manifest.ts';
import { properties } from '../manifest.ts';
import { COLLECTIONS, fieldFor, isEmpty, shapeOf, sourcesOf, valueOf } from './fields.ts';
import type { Shape } from './fields.ts';

type Show = NonNullable<NonNullable<INodeProperties['displayOptions']>['show']>;

/** Members of reads that stand in the open though they are optional. */
const IN_THE_OPEN = ['return_all', 'limit', 'simplify'];

/** Shapes of which an empty field is not sent, so that it may stand in the open and be left alone. */
const LEFT_ALONE: Shape[] = ['text', 'long-text', 'date-time', 'record'];

/** Where each property of an object stands. */
export interface Layout {
	open: Property[];
	/** Optional ones, in the collection of this name. */
	collection: string;
	closed: Property[];
}

/** What an object is for: lists and triggers have filters; `usual` members are filled in mostly. */
interface Purpose {
	filters: boolean;
	usual?: readonly string[];
}

export function layoutOf(manifest: Manifest, schema: Schema, { filters, usual = [] }: Purpose): Layout {
	const all = properties(manifest, schema);
	// n8n shows a resource mapper only outside of collections; what its fields
	// depend on belongs beside it.
	const mapped = all.filter((property) => shapeOf(manifest, property.schema) === 'columns');
	const deciding = new Set(mapped.flatMap(({ schema: { 'x-options': reference } }) => sourcesOf(reference)));
	const groups = [
		(property: Property) => property.required,
		(property: Property) => usual.includes(property.name) && LEFT_ALONE.includes(shapeOf(manifest, property.schema)),
		(property: Property) => deciding.has(property.name),
		(property: Property) => mapped.includes(property),
		(property: Property) => filters && IN_THE_OPEN.includes(property.name),
	];
	const isOpen = (property: Property) => groups.some((belongs) => belongs(property));
	const rank = (property: Property) => groups.findIndex((belongs) => belongs(property)) * 10 + IN_THE_OPEN.indexOf(property.name);
	return {
		open: all.filter(isOpen).sort((a, b) => rank(a) - rank(b)),
		collection: filters ? COLLECTIONS.filters : COLLECTIONS.fields,
		closed: all.filter((property) => !isOpen(property)),
	};
}

/** The fields, shown under these conditions. */
export function formOf(manifest: Manifest, layout: Layout, show: Show): INodeProperties[] {
	const returnsAll = layout.open.some((property) => property.name === 'return_all');
	const open = layout.open.map((property) => {
		const field = fieldFor(manifest, property);
		const limited = property.name === 'limit' && returnsAll;
		return { ...field, displayOptions: { show: limited ? { ...show, return_all: [false] } : show } };
	});
	if (layout.closed.length === 0) return open;
	const closed = layout.closed
		.map((property) => fieldFor(manifest, property))
		.sort((a, b) => a.displayName.localeCompare(b.displayName));
	const filters = layout.collection === COLLECTIONS.filters;
	const collection: INodeProperties = {
		displayName: filters ? 'Filters' : 'Additional Fields',
		name: layout.collection,
		type: 'collection',
		placeholder: filters ? 'Add Filter' : 'Add Field',
		default: {},
		options: closed,
		displayOptions: { show },
	};
	return [...open, collection];
}

/** Reads a parameter of the form. */
export type Read = (name: string, fallback: unknown) => unknown;

/** The JSON that the component is given. */
export function jsonOf(manifest: Manifest, layout: Layout, read: Read): Record<string, unknown> {
	const json: Record<string, unknown> = {};
	for (const { name, schema, required } of layout.open) {
		// n8n has no value for a field that is not shown.
		const raw = read(name, null);
		// A required field that is empty is sent, so that the component names it.
		if (!isEmpty(manifest, schema, raw) || (required && raw === '')) json[name] = valueOf(manifest, schema, raw);
	}
	if (json.return_all === true) delete json.limit;
	const closed: unknown = read(layout.collection, {});
	const values = typeof closed === 'object' && closed !== null ? (closed as Record<string, unknown>) : {};
	for (const { name, schema } of layout.closed) {
		const raw = values[name];
		if (raw === undefined || (shapeOf(manifest, schema) === 'record' && isEmpty(manifest, schema, raw))) continue;
		json[name] = valueOf(manifest, schema, raw);
	}
	return json;
}

/** An operation with its form. */
export interface Action {
	operation: Operation;
	/** Value of the operation in the form; the id without its resource. */
	verb: string;
	resource: string;
	layout: Layout;
}

export function actionsOf(manifest: Manifest): Action[] {
	return manifest.operations.map((operation) => {
		const [first = '', ...rest] = operation.id.split('.');
		const { annotations, examples = [], input, resource = first } = operation;
		const usual = annotations.paginated ? [] : Object.keys(examples[0]?.input ?? {});
		return {
			operation,
			verb: rest.join('.') || first,
			resource,
			layout: layoutOf(manifest, input, { filters: annotations.read_only, usual }),
		};
	});
}
