// The options of a call. What keeps a run from changing anything, and what lets
// a model change something, fails safe: it is what a person set, or it is refused.

import { NodeOperationError } from 'n8n-workflow';
import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { isObject } from './shapes.ts';

export const ALLOW = 'Allow AI to Run This';

export interface Options {
	deadlineMs?: number;
	dryRun: boolean;
	confirmed: boolean;
}

/** The options that every operation has, as fields. */
export function optionFields({ dryRun, readOnly }: { dryRun: boolean; readOnly: boolean }): INodeProperties[] {
	const options: INodeProperties[] = [];
	if (!readOnly) {
		options.push({
			displayName: ALLOW,
			name: 'confirmed',
			type: 'boolean',
			default: false,
			noDataExpression: true,
			description: 'Whether an AI agent may run this even if it deletes something or is seen by customers',
		});
	}
	if (dryRun) {
		options.push({
			displayName: 'Dry Run',
			name: 'dryRun',
			type: 'boolean',
			default: true,
			description: 'Whether to show the requests without sending any of them',
		});
	}
	options.push({
		displayName: 'Timeout',
		name: 'timeout',
		type: 'number',
		default: 60,
		typeOptions: { minValue: 1, maxValue: 600 },
		description: 'Max number of seconds for one call; long lists need several',
	});
	return options;
}

/** n8n names the variant of a node that agents use after it. */
export function isTool(self: Pick<IExecuteFunctions, 'getNode'>): boolean {
	return self.getNode().type.endsWith('Tool');
}

/** Refuses a node in which somebody other than a person could set the switches. */
export function checkSwitches(self: Pick<IExecuteFunctions, 'getNode'>): void {
	const options: unknown = self.getNode().parameters.options;
	const refuse = (name: string) => {
		throw new NodeOperationError(self.getNode(), `“${name}” cannot be an expression.`, {
			description: `A person decides this. Open the node “${self.getNode().name}” and set Options > ${name} by hand.`,
		});
	};
	// n8n takes the sign off some of them, and makes text of the rest.
	const isExpression = (value: unknown) => typeof value === 'string' && (value.startsWith('=') || value.includes('{{'));
	if (isExpression(options)) refuse(ALLOW);
	if (!isObject(options)) return;
	if (isExpression(options.confirmed)) refuse(ALLOW);
	if (isTool(self) && isExpression(options.dryRun)) refuse('Dry Run');
}

/** The options for an item. */
export function optionsOf(self: IExecuteFunctions, item: number): Options {
	const given = self.getNodeParameter('options', item, {});
	const options: Record<string, unknown> = isObject(given) ? given : {};
	const { timeout } = options;
	const set: unknown = self.getNode().parameters.options;
	// An expression that gives nothing may take the option away.
	const isDryRunSet = 'dryRun' in options || (isObject(set) && 'dryRun' in set);
	const seconds = typeof timeout === 'string' ? Number(timeout) : timeout;
	return {
		...(typeof seconds === 'number' && seconds > 0 ? { deadlineMs: Math.min(seconds, 600) * 1000 } : {}),
		dryRun: isDryRunSet && switched(self, item, options.dryRun),
		// A person built the workflow; a model chose the call.
		confirmed: !isTool(self) || options.confirmed === true,
	};
}

function switched(self: IExecuteFunctions, itemIndex: number, value: unknown): boolean {
	if (typeof value === 'boolean') return value;
	const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
	if (text === 'true' || text === 'false') return text === 'true';
	const shown = value === undefined ? 'nothing' : JSON.stringify(value);
	throw new NodeOperationError(self.getNode(), `“Dry Run” must be true or false, not ${shown}.`, {
		description: 'Nothing is sent as long as it is not clear. Give true or false, or take the option away.',
		itemIndex,
	});
}
