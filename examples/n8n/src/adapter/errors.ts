// A component's error as n8n shows it: what happened, where, what to do, and
// whether anything was changed.

import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import type { IDataObject, INode } from 'n8n-workflow';

import type { Property } from '../manifest.ts';
import type { NodeError } from '../runtime/contract.ts';
import { ended, labelOf, message } from './words.ts';

/** Kinds that are about the service rather than about what was put in. */
const OF_THE_SERVICE = new Set([
	'unauthenticated',
	'forbidden',
	'not-found',
	'conflict',
	'rate-limited',
	'unavailable',
	'timeout',
	'protocol',
]);

const EFFECTS = {
	none: 'nothing was changed.',
	applied: 'the change was made all the same.',
	unknown: 'it is not known whether the change was made. Check before you repeat it.',
};

export interface Place {
	/** Position of the input item. */
	item?: number;
	properties?: readonly Property[];
	/** Whether the operation only reads, so that nothing can have changed. */
	readOnly?: boolean;
	/** What became of all items, where there are several. */
	tally?: string;
	/** What earlier attempts of the same step did. */
	earlier?: string;
	/** Whether n8n shows the headline only, so that the advice has to be in it. */
	brief?: boolean;
}

export function errorFor(node: INode, error: NodeError, place: Place = {}): NodeApiError | NodeOperationError {
	const { headline, advice, vendor } = worded(error, place.properties);
	const several = place.tally !== undefined && place.item !== undefined;
	const effect = EFFECTS[error.effect];
	const lines = [
		place.brief === true ? undefined : advice,
		vendor,
		place.readOnly === true ? undefined : several ? `This item: ${effect}` : effectOf(error, false),
		place.tally,
		place.earlier,
	];
	const shown = place.brief === true && advice !== undefined ? `${headline} ${advice}` : headline;
	const options = {
		message: shown,
		description: lines.filter((line) => line !== undefined && line !== '').join(' '),
		...(place.item === undefined ? {} : { itemIndex: place.item }),
	};
	if (error.httpStatus === undefined && !OF_THE_SERVICE.has(error.kind)) {
		return new NodeOperationError(node, shown, options);
	}
	const httpCode = error.httpStatus === undefined ? {} : { httpCode: String(error.httpStatus) };
	return new NodeApiError(node, { message: shown, code: error.code }, { ...options, ...httpCode });
}

/** Whether anything was changed, as a sentence. */
export function effectOf(error: NodeError, readOnly: boolean): string {
	const effect = readOnly ? EFFECTS.none : EFFECTS[error.effect];
	return `${effect.charAt(0).toUpperCase()}${effect.slice(1)}`;
}

/** In the words of the form, with the field in front: n8n shows the headline alone first. */
function worded(error: NodeError, properties: readonly Property[] = []) {
	const field = error.field?.split('/')[1];
	const text = message(error.message, properties, field);
	const name = field === undefined || field === '' ? undefined : labelOf(properties, field);
	return {
		headline: ended(name === undefined || text.includes(`“${name}”`) ? text : `${name}: ${text}`),
		...(error.advice === undefined ? {} : { advice: ended(message(error.advice, properties, field)) }),
		...(error.vendorMessage === undefined ? {} : { vendor: `The service said: “${ended(error.vendorMessage)}”` }),
		...(name === undefined ? {} : { name }),
	};
}

/** What an item holds that failed while the others went on. */
export function errorJson(error: NodeError, properties: readonly Property[]): IDataObject {
	const { headline, advice, name } = worded(error, properties);
	return {
		// n8n sorts items with these two members, and no other, into the error
		// output, and adds what the item held.
		error: headline,
		details: {
			kind: error.kind,
			code: error.code,
			effect: error.effect,
			...(advice === undefined ? {} : { advice }),
			...(name === undefined ? {} : { field: name }),
			...(error.httpStatus === undefined ? {} : { http_status: error.httpStatus }),
			...(error.vendorMessage === undefined ? {} : { vendor_message: error.vendorMessage }),
		},
	};
}

/** An error of this node or of n8n, about one item: nothing was sent for it. */
export function itemError(thrown: unknown, code: string): NodeError {
	const { message: said, description } = thrown as { message?: string; description?: string | null };
	return {
		kind: 'invalid-input',
		code: `host.${code}`,
		message: said ?? 'The item cannot be read.',
		...(typeof description === 'string' && description !== '' ? { advice: description } : {}),
		effect: 'none',
		retry: { tag: 'never' },
	};
}
