// A form as a person would fill it in.

import type { INodeParameters } from 'n8n-workflow';

import { COLLECTIONS } from '../../src/adapter/fields.ts';
import type { Action } from '../../src/adapter/form.ts';
import { shapeOf } from '../../src/adapter/shapes.ts';
import { ENTRY } from '../../src/adapter/values.ts';
import type { Shape } from '../../src/adapter/shapes.ts';
import type { Manifest, Property } from '../../src/manifest.ts';

/** The parameters of a form in which this input is filled in. */
export function filledIn(manifest: Manifest, action: Action, input: Record<string, unknown>): INodeParameters {
	const { open, collection, closed, options, sort } = action.layout;
	const put = (members: readonly Property[]) =>
		Object.fromEntries(
			Object.entries(input).flatMap(([name, value]) => {
				const member = members.find((each) => each.name === name);
				return member === undefined ? [] : [[name, typed(shapeOf(manifest, member.schema), value)]];
			}),
		);
	return {
		resource: action.resource,
		operation: action.verb,
		...put(open),
		[collection]: put(closed),
		[COLLECTIONS.sort]: put(sort),
		[COLLECTIONS.options]: put(options),
	} as INodeParameters;
}

/** A value as it is in a field of this shape. */
function typed(shape: Shape, value: unknown): unknown {
	switch (shape) {
		case 'record':
			return { __rl: true, mode: 'id', value: String(value) };
		case 'columns':
			return { mappingMode: 'defineBelow', value, matchingColumns: [], schema: [] };
		case 'object':
		case 'objects':
			return { [ENTRY]: value };
		case 'json':
			return JSON.stringify(value);
		default:
			return value;
	}
}
