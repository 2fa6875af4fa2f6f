// How much of a result is handed over: the main fields, every field that the
// component knows, those that a person picked, or what the service sent.

import { NodeOperationError } from 'n8n-workflow';
import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Manifest } from '../manifest.ts';
import { properties } from '../manifest.ts';
import type { Action } from './form.ts';
import { FIELDS_METHOD } from './methods.ts';
import type { Extent } from './order.ts';
import { isObject } from './shapes.ts';

/** The switch of the component between what it knows and what the service sent. */
export const SIMPLIFY = 'simplify';

const OUTPUT = 'output';
const SELECTED = 'outputFields';

export interface Output {
	extent: Extent;
	/** Whether the component returns what the service sent. */
	raw: boolean;
}

/** The fields, once for all operations that have the switch: they come last in the form. */
export function outputFields(actions: readonly Action[]): INodeProperties[] {
	return shows(actions).flatMap((show) => [
		{
			displayName: 'Output',
			name: OUTPUT,
			type: 'options',
			noDataExpression: true,
			default: 'simplified',
			description: 'How much of each result to return',
			options: [
				{ name: 'Simplified', value: 'simplified', description: 'The fields that are used most' },
				{ name: 'All Fields', value: 'all', description: 'Every field with a stable name, with readable dates' },
				{ name: 'Selected Fields', value: 'selected', description: 'Only the fields that you choose' },
				{ name: 'Raw', value: 'raw', description: 'What the service sent' },
			],
			displayOptions: { show },
		},
		{
			displayName: 'Fields to Return',
			name: SELECTED,
			type: 'multiOptions',
			default: [],
			required: true,
			description: 'The fields of each result',
			typeOptions: { loadOptionsMethod: FIELDS_METHOD },
			displayOptions: { show: { ...show, [OUTPUT]: ['selected'] } },
		},
	]);
}

type Show = Record<'resource' | 'operation', string[]>;

/** Few conditions that hold for the actions with the switch, and for no other. */
function shows(actions: readonly Action[]): Show[] {
	const fits = ({ resource, operation }: Show) =>
		actions.every((action) => action.simplifies || !resource.includes(action.resource) || !operation.includes(action.verb));
	const joined: Show[] = [];
	for (const { resource, verb } of actions.filter((action) => action.simplifies)) {
		const own = { resource: [resource], operation: [verb] };
		const index = joined.findIndex((show) => fits(join(show, own)));
		joined[index < 0 ? joined.length : index] = join(joined[index] ?? own, own);
	}
	return joined;
}

function join(a: Show, b: Show): Show {
	const union = (name: keyof Show) => [...new Set([...a[name], ...b[name]])];
	return { resource: union('resource'), operation: union('operation') };
}

/** The names of what an action returns. */
export function returnedBy(manifest: Manifest, { operation }: Action): string[] {
	return properties(manifest, operation.output ?? {}).map(({ name }) => name);
}

/** What was chosen; it is the same for all items. */
export function outputOf(self: IExecuteFunctions, manifest: Manifest, action: Action): Output {
	if (!action.simplifies) return { extent: 'all', raw: false };
	const choice = self.getNodeParameter(OUTPUT, 0, 'simplified');
	if (choice !== 'selected') return { extent: choice === 'simplified' ? 'main' : 'all', raw: choice === 'raw' };
	const given: unknown = self.getNodeParameter(SELECTED, 0, []);
	const names = (Array.isArray(given) ? given : String(given).split(',')).map((name) => String(name).trim()).filter((name) => name !== '');
	const known = returnedBy(manifest, action);
	const unknown = names.filter((name) => !known.includes(name));
	if (names.length > 0 && unknown.length === 0) return { extent: names, raw: false };
	throw new NodeOperationError(
		self.getNode(),
		names.length === 0 ? 'No field is chosen in “Fields to Return”.' : `The result has no field “${unknown.join('”, “')}”.`,
		{ description: 'Nothing was sent. Choose the fields again, or choose another “Output”.' },
	);
}

/** A dry run has requests in its result, and no fields. */
export function isDryRun(json: unknown): boolean {
	return isObject(json) && json.dry_run === true;
}
