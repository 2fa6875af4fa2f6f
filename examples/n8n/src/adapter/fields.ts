// From JSON Schema to the fields of n8n's form, and back: how a property looks,
// and what becomes of the value that n8n hands over.

import type { INodeProperties, INodePropertyMode, INodePropertyOptions, NodePropertyTypes } from 'n8n-workflow';

import type { Manifest, Property, Reference, Schema } from '../manifest.ts';
import { resolve } from '../manifest.ts';
import { columnsMethod, optionsMethod, searchMethod } from './methods.ts';

/** How the value of a property is written in a form. */
export type Shape =
	| 'text'
	| 'long-text'
	| 'date-time'
	| 'whole-number'
	| 'number'
	| 'boolean'
	| 'choice'
	| 'choices'
	| 'texts'
	| 'numbers'
	| 'record'
	| 'records'
	| 'columns'
	| 'json';

export function shapeOf(manifest: Manifest, schema: Schema): Shape {
	const reference = schema['x-options'];
	const types = typesOf(schema);
	if (reference !== undefined && listOf(manifest, reference)?.kind === 'fields') return 'columns';
	const items = schema.items === undefined ? undefined : resolve(manifest, schema.items);
	if (types.includes('array')) {
		if (referenceOf(manifest, schema) !== undefined) return 'records';
		if (items?.enum !== undefined) return 'choices';
		const of = items === undefined ? '' : typesOf(items).join();
		if (of === 'integer' || of === 'number') return 'numbers';
		return of === 'string' ? 'texts' : 'json';
	}
	if (reference !== undefined) return 'record';
	if (choicesOf(schema) !== undefined) return 'choice';
	if (types.length !== 1) return types.includes('string') && !types.includes('object') ? 'text' : 'json';
	switch (types[0]) {
		case 'integer':
			return 'whole-number';
		case 'number':
			return 'number';
		case 'boolean':
			return 'boolean';
		case 'string':
			if (schema.format === 'date-time') return 'date-time';
			return schema.contentMediaType !== undefined ? 'long-text' : 'text';
		default:
			return 'json';
	}
}

/** The list that the values of a property, or of its items, come from. */
export function referenceOf(manifest: Manifest, schema: Schema): Reference | undefined {
	if (schema['x-options'] !== undefined) return schema['x-options'];
	return schema.items === undefined ? undefined : resolve(manifest, schema.items)['x-options'];
}

function listOf(manifest: Manifest, reference: Reference) {
	return manifest.lists.find((list) => list.name === reference.list);
}

function typesOf(schema: Schema): string[] {
	const stated = schema.type ?? (schema.oneOf ?? schema.anyOf ?? []).flatMap((each) => each.type ?? []);
	return [...new Set([stated].flat())].filter((type) => type !== 'null');
}

function choicesOf(schema: Schema): INodePropertyOptions[] | undefined {
	const values = schema.enum ?? schema.oneOf?.map((each) => each.const);
	if (values === undefined || values.some((value) => value === undefined)) return undefined;
	return values
		.filter((value) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
		.map((value, index) => {
			const described = schema.oneOf?.[index];
			const option: INodePropertyOptions = { name: described?.title ?? label(String(value)), value };
			if (described?.description !== undefined) option.description = described.description;
			return option;
		});
}

/** `open_only` as "Open Only", "Client id" as "Client ID". */
export function label(name: string): string {
	const words = name.split(/[_\s]+/).filter((word) => word !== '');
	const capital = (word: string) => word.replace(/(^|-)\p{L}/gu, (first) => first.toUpperCase());
	return words.map(capital).join(' ').replace(/\b(Id|Url)(s?)\b/g, (_, short: string, s: string) => short.toUpperCase() + s);
}

const TYPES: Record<Shape, NodePropertyTypes> = {
	text: 'string',
	'long-text': 'string',
	'date-time': 'dateTime',
	'whole-number': 'number',
	number: 'number',
	boolean: 'boolean',
	choice: 'options',
	choices: 'multiOptions',
	texts: 'string',
	numbers: 'string',
	record: 'resourceLocator',
	records: 'multiOptions',
	columns: 'resourceMapper',
	json: 'json',
};

/** The field for a property. `within` is the collection that it stands in. */
export function fieldFor(manifest: Manifest, property: Property): INodeProperties {
	const { name, schema } = property;
	const shape = shapeOf(manifest, schema);
	const field: INodeProperties = {
		displayName: label(schema.title ?? name),
		name,
		type: TYPES[shape],
		default: initial(shape, schema),
	};
	if (property.required) field.required = true;
	const description = described(shape, schema);
	if (description !== '') field.description = description;
	const example = schema.examples?.[0];
	if (typeof example === 'string' && TYPES[shape] === 'string') field.placeholder = `e.g. ${example}`;
	const reference = referenceOf(manifest, schema);
	switch (shape) {
		case 'whole-number':
		case 'number':
			field.typeOptions = { ...bounds(schema), ...(shape === 'whole-number' ? { numberPrecision: 0 } : {}) };
			break;
		case 'long-text':
			field.typeOptions = { rows: 4 };
			break;
		case 'texts':
			field.typeOptions = { multipleValues: true };
			break;
		case 'numbers':
			field.placeholder = 'e.g. 1, 2';
			break;
		case 'choice':
			field.options = choicesOf(schema) ?? [];
			break;
		case 'choices':
			field.options = choicesOf(schema.items === undefined ? {} : resolve(manifest, schema.items)) ?? [];
			break;
		case 'record':
			if (reference !== undefined) field.modes = modes(manifest, reference, schema);
			break;
		case 'records':
			if (reference !== undefined) {
				field.typeOptions = { loadOptionsMethod: optionsMethod(reference), ...dependencies(reference) };
			}
			break;
		case 'columns':
			if (reference !== undefined) {
				field.typeOptions = {
					...dependencies(reference),
					resourceMapper: {
						resourceMapperMethod: columnsMethod(reference),
						mode: 'add',
						valuesLabel: label(schema.title ?? name),
						fieldWords: { singular: 'field', plural: 'fields' },
						addAllFields: false,
						supportAutoMap: false,
						noFieldsError: 'There are no fields for what is chosen above.',
					},
				};
			}
			break;
	}
	return field;
}

function initial(shape: Shape, schema: Schema): INodeProperties['default'] {
	const { default: stated } = schema;
	switch (shape) {
		case 'record':
			return { mode: 'list', value: '' };
		case 'columns':
			return { mappingMode: 'defineBelow', value: null };
		case 'numbers':
			return Array.isArray(stated) ? stated.join(', ') : '';
		case 'records':
		case 'choices':
		case 'texts':
			return Array.isArray(stated) ? (stated as string[]) : [];
		case 'boolean':
			return stated === true;
		case 'whole-number':
		case 'number':
			return typeof stated === 'number' ? stated : Math.max(schema.minimum ?? 0, 0);
		case 'json':
			return stated === undefined ? (typesOf(schema).includes('array') ? '[]' : '{}') : JSON.stringify(stated);
		case 'choice':
			return typeof stated === 'string' || typeof stated === 'number' || typeof stated === 'boolean'
				? stated
				: (choicesOf(schema)?.[0]?.value ?? '');
		default:
			return typeof stated === 'string' ? stated : '';
	}
}

function described(shape: Shape, schema: Schema): string {
	const { description = '', title = '' } = schema;
	const text = description.includes('. ') ? description : description.replace(/\.$/, '');
	if (shape !== 'boolean' || text.startsWith('Whether')) return text;
	const what = text === '' ? title : text;
	return `Whether it is so: ${what.charAt(0).toLowerCase()}${what.slice(1)}`;
}

function bounds(schema: Schema) {
	return {
		...(schema.minimum === undefined ? {} : { minValue: schema.minimum }),
		...(schema.maximum === undefined ? {} : { maxValue: schema.maximum }),
	};
}

/** Names of the properties that a list depends on. */
export function sourcesOf(reference: Reference | undefined): string[] {
	return Object.values(reference?.parameters ?? {}).map((pointer) => pointer.split('/')[1] ?? '');
}

/** The fields whose values the list depends on, wherever they may stand. */
function dependencies(reference: Reference) {
	const names = sourcesOf(reference);
	if (names.length === 0) return {};
	return { loadOptionsDependsOn: names.flatMap((name) => places(name).map((place) => `${place}.value`)) };
}

/** Where a field can stand in the form. */
export function places(name: string): string[] {
	return [name, ...Object.values(COLLECTIONS).map((collection) => `${collection}.${name}`)];
}

/** The names of the collections of optional fields. */
export const COLLECTIONS = { fields: 'additionalFields', filters: 'filters' } as const;

function modes(manifest: Manifest, reference: Reference, schema: Schema): INodePropertyMode[] {
	const list = listOf(manifest, reference);
	const text = typesOf(schema).includes('string');
	return [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Choose…',
			typeOptions: { searchListMethod: searchMethod(reference), searchable: list?.searchable ?? false },
		},
		{ displayName: 'By ID', name: 'id', type: 'string', placeholder: 'e.g. 12' },
		...(text
			? [
					{ displayName: 'By Name', name: 'name', type: 'string' as const },
					{ displayName: 'By URL', name: 'url', type: 'string' as const, placeholder: 'e.g. https://…' },
				]
			: []),
	];
}

/** The JSON that a component is given for what stands in the field. */
export function valueOf(manifest: Manifest, schema: Schema, given: unknown): unknown {
	const raw = located(given);
	switch (shapeOf(manifest, schema)) {
		case 'record':
		case 'whole-number':
		case 'number':
			return numeric(raw, schema);
		case 'records':
			return typeof raw === 'string' && /^[\d\s,[\]]+$/.test(raw) ? numbers(raw) : [raw].flat();
		case 'columns':
			return columns(raw);
		case 'json':
			return typeof raw === 'string' ? parsed(raw) : raw;
		case 'date-time':
			return withOffset(raw);
		case 'texts':
			return typeof raw === 'string' ? [raw] : raw;
		case 'numbers':
			return numbers(raw);
		default:
			return raw;
	}
}

/** Nothing was put in: the field is not sent. */
export function isEmpty(manifest: Manifest, schema: Schema, raw: unknown): boolean {
	switch (shapeOf(manifest, schema)) {
		case 'columns':
			return Object.keys(columns(raw)).length === 0;
		default:
			return ['', undefined, null].includes(located(raw) as null);
	}
}

/** What a resource locator holds; an expression may give the bare value. */
export function located(raw: unknown): unknown {
	return isObject(raw) && '__rl' in raw ? raw.value : raw;
}

/** A number that was typed as text, or comes so from an expression, where the schema knows numbers. */
function numeric(value: unknown, schema: Schema): unknown {
	const number = typesOf(schema).some((type) => type === 'integer' || type === 'number');
	return number && typeof value === 'string' && /^-?\d{1,15}(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}

function columns(raw: unknown): Record<string, unknown> {
	const mapped = isObject(raw) && 'mappingMode' in raw ? raw.value : raw;
	if (!isObject(mapped)) return {};
	return Object.fromEntries(Object.entries(mapped).filter(([, value]) => value !== null && value !== undefined));
}

/** Numbers with commas between them, with brackets or without; an expression may give a list. */
function numbers(raw: unknown): unknown {
	if (typeof raw !== 'string') return Array.isArray(raw) ? raw : [raw];
	const parts = raw.replace(/^\s*\[|\]\s*$/g, '').split(',').map((part) => part.trim());
	// The component says which of them is no number.
	return parts.filter((part) => part !== '').map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// The component says what is wrong with it, and where.
		return text;
	}
}

/** n8n's dates are Luxon objects in expressions. */
function withOffset(raw: unknown): unknown {
	return isObject(raw) && typeof raw.toISO === 'function' ? (raw.toISO as () => string)() : raw;
}

export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
