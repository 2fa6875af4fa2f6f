// Calls that the service cannot take at the same time wait for each other: those
// of an operation that have equal values where `serialize_by` points.

import type { Operation } from '../manifest.ts';
import type { Item } from '../runtime/contract.ts';

const last = new Map<string, Promise<unknown>>();

/** Runs when those before it that share a key with it have ended, well or not. */
export async function inTurn<T>(keys: readonly string[], run: () => Promise<T>): Promise<T> {
	const before = keys.flatMap((key) => last.get(key) ?? []);
	const turn = Promise.allSettled(before).then(run);
	const settled = turn.catch(() => undefined);
	for (const key of keys) last.set(key, settled);
	try {
		return await turn;
	} finally {
		for (const key of keys) if (last.get(key) === settled) last.delete(key);
	}
}

export async function oneAfterTheOther<T>(operation: Operation, items: Item[], run: () => Promise<T>): Promise<T> {
	const pointers = operation.serialize_by ?? [];
	if (pointers.length === 0) return run();
	return inTurn([...new Set(items.map((item) => keyOf(operation.id, pointers, item.json)))], run);
}

function keyOf(operation: string, pointers: readonly string[], json: string): string {
	const item: unknown = JSON.parse(json);
	return JSON.stringify([operation, ...pointers.map((pointer) => at(item, pointer))]);
}

/** JSON pointer (RFC 6901); nothing where it leads nowhere. */
export function at(value: unknown, pointer: string): unknown {
	return pointer
		.split('/')
		.slice(1)
		.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
		.reduce<unknown>((inner, part) => (inner as Record<string, unknown> | null | undefined)?.[part], value);
}
