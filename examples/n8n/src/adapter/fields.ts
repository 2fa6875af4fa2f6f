// From JSON Schema to the fields of n8n's form. What becomes of their values is
// in values.ts.

import type {
	INodeProperties,
	INodePropertyCollection,
	INodePropertyMode,
	INodePropertyOptions,
	NodePropertyTypes,
} from 'n8n-workflow';

import type { Manifest, Property, Reference, Schema } from '../manifest.ts';
import { properties, resolve } from '../manifest.ts';
import { NAMES_METHOD, columnsMethod, optionsMethod, searchMethod } from './methods.ts';
import { choicesOf, listOf, namesIn, referenceOf, shapeOf, sourcesOf, typesOf } from './shapes.ts';
import type { Shape } from './shapes.ts';
import { ENTRY } from './values.ts';
import { help, label, sentences } from './words.ts';

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
	object: 'fixedCollection',
	objects: 'fixedCollection',
	json: 'json',
};

/** What a choice begins with where nothing is chosen for it. */
const NOT_SET: INodePropertyOptions = { name: 'Not Set', value: '' };

/** The field for a property; `beside` are the others of the same object, which its help may name. */
export function fieldFor(manifest: Manifest, property: Property, beside: readonly Property[], isEntry = false): INodeProperties {
	const { name, schema } = property;
	const shape = shapeOf(manifest, schema);
	const field: INodeProperties = {
		displayName: label(schema.title ?? name),
		name,
		type: TYPES[shape],
		default: initial(shape, schema, property.required),
	};
	if (property.required) field.required = true;
	const description = described(shape, schema, beside);
	if (description !== '') field.description = description;
	const example = schema.examples?.[0];
	if (typeof example === 'string' && TYPES[shape] === 'string') field.placeholder = `e.g. ${example}`;
	const reference = referenceOf(manifest, schema);
	switch (shape) {
		case 'boolean':
			// All fields of an entry are sent: a switch would always say something.
			if (isEntry && schema.default === undefined) Object.assign(field, eitherWay());
			break;
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
			field.options = [...(field.default === '' ? [NOT_SET] : []), ...(choicesOf(schema) ?? [])];
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
			if (reference !== undefined) field.typeOptions = mapperOptions(reference, field.displayName);
			break;
		case 'object':
		case 'objects':
			Object.assign(field, structure(manifest, schema, field.displayName, isEntry));
			break;
	}
	if (namesIn(manifest, schema, beside).length > 0) {
		// Many names, in many operations: the form gets them when it is open.
		delete field.options;
		Object.assign(field, { type: 'multiOptions', typeOptions: { loadOptionsMethod: NAMES_METHOD } });
	}
	return field;
}

function eitherWay(): Partial<INodeProperties> {
	return {
		type: 'options',
		default: '',
		options: [NOT_SET, { name: 'Yes', value: true }, { name: 'No', value: false }],
	};
}

function mapperOptions(reference: Reference, valuesLabel: string): NonNullable<INodeProperties['typeOptions']> {
	return {
		...dependencies(reference),
		resourceMapper: {
			resourceMapperMethod: columnsMethod(reference),
			mode: 'add',
			valuesLabel,
			fieldWords: { singular: 'field', plural: 'fields' },
			addAllFields: false,
			supportAutoMap: false,
			noFieldsError: 'There are no fields for what is chosen above.',
		},
	};
}

/** Entries with fields of their own; deeper ones are JSON. */
function structure(manifest: Manifest, schema: Schema, displayName: string, isEntry: boolean): Partial<INodeProperties> {
	if (isEntry) return { type: 'json', default: schema.items === undefined ? '{}' : '[]' };
	const members = properties(manifest, schema.items === undefined ? schema : resolve(manifest, schema.items));
	const options: INodePropertyCollection[] = [
		{ name: ENTRY, displayName, values: members.map((member) => fieldFor(manifest, member, members, true)) },
	];
	const several = schema.items !== undefined;
	return {
		placeholder: several ? `Add to ${displayName}` : `Add ${displayName}`,
		options,
		...(several ? { typeOptions: { multipleValues: true } } : {}),
	};
}

function initial(shape: Shape, schema: Schema, required: boolean): INodeProperties['default'] {
	const { default: stated } = schema;
	const plain = typeof stated === 'string' || typeof stated === 'number' || typeof stated === 'boolean' ? stated : undefined;
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
			// An empty box: any number would be sent.
			return typeof stated === 'number' ? stated : '';
		case 'object':
		case 'objects':
			return {};
		case 'json':
			return stated === undefined ? (typesOf(schema).includes('array') ? '[]' : '{}') : JSON.stringify(stated);
		case 'choice':
			return plain ?? (required ? (choicesOf(schema)?.[0]?.value ?? '') : '');
		default:
			return typeof stated === 'string' ? stated : '';
	}
}

function described(shape: Shape, schema: Schema, beside: readonly Property[]): string {
	const { description = '', title = '' } = schema;
	const text = shortened(help(description, beside));
	const whole = sentences(text)[1] === '' ? text.replace(/\.$/, '') : text;
	if (shape === 'boolean' && !whole.startsWith('Whether')) {
		const what = whole === '' ? `${title} applies` : whole;
		const lower = `${what.charAt(0).toLowerCase()}${what.slice(1)}`;
		return what.startsWith('Only') ? `Whether to return ${lower}` : `Whether ${lower}`;
	}
	const example = schema.examples?.[0];
	return shape === 'json' && example !== undefined ? `${text} Example: ${JSON.stringify(example)}`.trim() : whole;
}

/** Characters of help beside a field, in whole sentences. */
const HELP = 200;

function shortened(text: string): string {
	let [kept, rest] = sentences(text);
	while (rest !== '') {
		const [next, more] = sentences(rest);
		if (kept.length + next.length > HELP) return `${kept}.`;
		kept = `${kept}. ${next}`;
		rest = more;
	}
	return text;
}

function bounds(schema: Schema) {
	return {
		...(schema.minimum === undefined ? {} : { minValue: schema.minimum }),
		...(schema.maximum === undefined ? {} : { maxValue: schema.maximum }),
	};
}

/** The fields whose values the list depends on, wherever they may be. */
function dependencies(reference: Reference) {
	const names = sourcesOf(reference);
	if (names.length === 0) return {};
	return { loadOptionsDependsOn: names.flatMap((name) => places(name).map((place) => `${place}.value`)) };
}

/** Where a field can be in the form. */
export function places(name: string): string[] {
	return [name, `${COLLECTIONS.fields}.${name}`, `${COLLECTIONS.filters}.${name}`];
}

/** The names of the collections of optional fields. */
export const COLLECTIONS = { fields: 'additionalFields', filters: 'filters', options: 'options', sort: 'sort' } as const;

function modes(manifest: Manifest, reference: Reference, schema: Schema): INodePropertyMode[] {
	const list = listOf(manifest, reference);
	const text = typesOf(schema).includes('string');
	return [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			typeOptions: { searchListMethod: searchMethod(reference), searchable: list?.searchable ?? false },
		},
		{ displayName: 'By ID', name: 'id', type: 'string' },
		...(text ? [{ displayName: 'By Name or URL', name: 'name', type: 'string' as const }] : []),
	];
}
