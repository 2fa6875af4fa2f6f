// A form as a person would fill it in.

import type { INodeParameters } from 'n8n-workflow';

import { shapeOf } from '../../src/adapter/fields.ts';
import type { Action } from '../../src/adapter/form.ts';
import type { Manifest } from '../../src/manifest.ts';

/** The parameters of a form in which this input is filled in. */
export function filledIn(manifest: Manifest, action: Action, input: Record<string, unknown>): INodeParameters {
	const put = (names: Set<string>) =>
		Object.fromEntries(
			Object.entries(input)
				.filter(([name]) => names.has(name))
				.map(([name, value]) => {
					const schema = [...action.layout.open, ...action.layout.closed].find((each) => each.name === name)?.schema;
					switch (shapeOf(manifest, schema ?? {})) {
						case 'record':
							return [name, { __rl: true, mode: 'id', value: String(value) }];
						case 'columns':
							return [name, { mappingMode: 'defineBelow', value, matchingColumns: [], schema: [] }];
						case 'json':
							return [name, JSON.stringify(value)];
						default:
							return [name, value];
					}
				}),
		);
	const names = (properties: Array<{ name: string }>) => new Set(properties.map((each) => each.name));
	return {
		resource: action.resource,
		operation: action.verb,
		...put(names(action.layout.open)),
		[action.layout.collection]: put(names(action.layout.closed)),
	} as INodeParameters;
}
