// A failed call as an error of JavaScript.

import type { NodeError } from './contract.ts';

/** Carries what the component said; its own message says no more than that. */
export class Failure extends Error {
	readonly error: NodeError;

	constructor(error: NodeError) {
		super(error.message);
		this.name = 'Failure';
		this.error = error;
	}
}

/** The failure in whatever a call threw; a trap is an internal one. */
export function failureOf(thrown: unknown): Failure {
	if (thrown instanceof Failure) return thrown;
	const payload = (thrown as { payload?: unknown } | null)?.payload;
	if (isNodeError(payload)) return new Failure(payload);
	return new Failure({
		kind: 'internal',
		code: 'host.component-failed',
		message: 'The component stopped with a fault of its own.',
		advice: 'Try again; if it stays, report it with the version of the package.',
		effect: 'unknown',
		retry: { tag: 'never' },
		// The text of a trap names functions, never values.
		details: JSON.stringify({ trap: thrown instanceof WebAssembly.RuntimeError ? thrown.message : undefined }),
	});
}

function isNodeError(value: unknown): value is NodeError {
	return typeof value === 'object' && value !== null && 'kind' in value && 'code' in value && 'message' in value;
}
