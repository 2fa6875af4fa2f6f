// A component's error as n8n shows it: what happened, where, what to do, and
// whether anything was changed.

import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import type { IDataObject, INode } from 'n8n-workflow';

import type { Property } from '../manifest.ts';
import type { NodeError } from '../runtime/contract.ts';
import { label } from './fields.ts';

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
	none: 'Nothing was changed.',
	applied: 'The change was made all the same.',
	unknown: 'It is not known whether the change was made: look before you repeat it.',
};

export interface Place {
	/** Position of the input item. */
	item?: number;
	properties?: readonly Property[];
	/** Whether the operation only reads, so that nothing can have changed. */
	readOnly?: boolean;
	/** What became of the other items. */
	rest?: string;
}

export function errorFor(node: INode, error: NodeError, place: Place = {}): NodeApiError | NodeOperationError {
	const lines = [
		error.advice,
		fieldLine(error, place.properties),
		error.vendorMessage === undefined ? undefined : `The service said: “${error.vendorMessage}”.`,
		place.readOnly === true ? undefined : EFFECTS[error.effect],
		place.rest,
	];
	const options = {
		message: error.message,
		description: lines.filter((line) => line !== undefined && line !== '').join(' '),
		...(place.item === undefined ? {} : { itemIndex: place.item }),
	};
	if (error.httpStatus === undefined && !OF_THE_SERVICE.has(error.kind)) {
		return new NodeOperationError(node, error.message, options);
	}
	const httpCode = error.httpStatus === undefined ? {} : { httpCode: String(error.httpStatus) };
	return new NodeApiError(node, { message: error.message, code: error.code }, { ...options, ...httpCode });
}

function fieldLine(error: NodeError, properties: readonly Property[] = []): string | undefined {
	const name = error.field?.split('/')[1];
	if (name === undefined || name === '') return undefined;
	const property = properties.find((each) => each.name === name);
	return `Field: ${label(property?.schema.title ?? name)}.`;
}

/** What an item holds that failed while the others went on. */
export function errorJson(error: NodeError): IDataObject {
	return {
		error: error.message,
		kind: error.kind,
		code: error.code,
		effect: error.effect,
		...(error.advice === undefined ? {} : { advice: error.advice }),
		...(error.field === undefined ? {} : { field: error.field }),
		...(error.httpStatus === undefined ? {} : { http_status: error.httpStatus }),
		...(error.vendorMessage === undefined ? {} : { vendor_message: error.vendorMessage }),
	};
}
