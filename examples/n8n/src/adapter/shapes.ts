// How the value of a property is written in a form, and where its values come from.

import type { INodePropertyOptions } from 'n8n-workflow';

import type { Manifest, Reference, Schema } from '../manifest.ts';
import { resolve } from '../manifest.ts';
import { label } from './words.ts';

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
	| 'object'
	| 'objects'
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
		if (of === 'object' && types.length === 1 && items?.properties !== undefined) return 'objects';
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
		case 'object':
			return schema.properties === undefined ? 'json' : 'object';
		default:
			return 'json';
	}
}

/** The names of other properties that a list of texts is made of, such as those of fields to clear. */
export function namesIn(manifest: Manifest, schema: Schema, beside: ReadonlyArray<{ name: string }>): string[] {
	const items = schema.items === undefined ? {} : resolve(manifest, schema.items);
	const values = [items, ...(items.anyOf ?? [])].flatMap((each) => each.enum ?? []);
	const names = values.filter((value): value is string => typeof value === 'string');
	return names.length > 0 && names.every((name) => beside.some((each) => each.name === name)) ? names : [];
}

/** The list that the values of a property, or of its items, come from. */
export function referenceOf(manifest: Manifest, schema: Schema): Reference | undefined {
	if (schema['x-options'] !== undefined) return schema['x-options'];
	return schema.items === undefined ? undefined : resolve(manifest, schema.items)['x-options'];
}

export function listOf(manifest: Manifest, reference: Reference) {
	return manifest.lists.find((list) => list.name === reference.list);
}

/** The types that a value may have; `null` is not counted. */
export function typesOf(schema: Schema): string[] {
	const stated = schema.type ?? (schema.oneOf ?? schema.anyOf ?? []).flatMap((each) => each.type ?? []);
	return [...new Set([stated].flat())].filter((type) => type !== 'null');
}

export function choicesOf(schema: Schema): INodePropertyOptions[] | undefined {
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

/** Names of the properties that a list depends on. */
export function sourcesOf(reference: Reference | undefined): string[] {
	return Object.values(reference?.parameters ?? {}).map((pointer) => pointer.split('/')[1] ?? '');
}

export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
