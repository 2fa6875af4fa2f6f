// What became of the items of a run, over all its calls, in words.

import type { JsonObject } from 'n8n-workflow';

import type { NodeError } from '../runtime/contract.ts';

/** The most numbers or ranges that are listed. */
const LISTED = 40;

export class Tally {
	readonly #all: number;
	readonly #readOnly: boolean;
	readonly #done = new Map<number, unknown[]>();
	readonly #dry = new Set<number>();
	readonly #failed = new Map<number, NodeError['effect']>();

	constructor(all: number, readOnly: boolean) {
		this.#all = all;
		this.#readOnly = readOnly;
	}

	done(item: number, results: readonly JsonObject[], dryRun: boolean): void {
		if (dryRun) this.#dry.add(item);
		else this.#done.set(item, results.map(idOf).filter((id) => id !== undefined));
	}

	failed(item: number, effect: NodeError['effect']): void {
		this.#done.delete(item);
		this.#failed.set(item, effect);
	}

	/** Nothing where there is one item only: its error says all. */
	text(): string | undefined {
		return this.#all < 2 ? undefined : this.#said(this.#failed.size > 1);
	}

	/** All of it, for whoever does not see the errors. */
	report(): string {
		return this.#said(true);
	}

	#said(withEffects: boolean): string {
		const parts = [`${this.#done.size} of ${this.#all} items were done${this.#ids()}.`];
		if (this.#dry.size > 0) parts.push(`${this.#dry.size} were dry runs.`);
		const unsure = [...this.#failed].filter(([, effect]) => effect !== 'none').map(([item]) => item);
		const failed = [...this.#failed.keys()];
		if (failed.length > 0) parts.push(`Failed: ${items(failed)}.`);
		if (!this.#readOnly && withEffects && unsure.length > 0) {
			parts.push(`Of the failed ones, ${items(unsure)} may have been changed all the same.`);
		}
		const left = this.#all - this.#done.size - this.#dry.size - failed.length;
		if (left > 0) parts.push(`Not tried: ${left}.`);
		return parts.join(' ');
	}

	#ids(): string {
		const ids = [...this.#done.values()].flat();
		return this.#readOnly || ids.length === 0 ? '' : ` (${ranges(ids)})`;
	}
}

/** The record that a result is about. */
function idOf(json: JsonObject): unknown {
	if (json.id !== undefined && json.id !== null) return json.id;
	return Object.entries(json).find(([name, value]) => name.endsWith('_id') && value !== null)?.[1];
}

/** "item 4" or "items 4, 11 and 19", counted as n8n does: from 0. */
export function items(numbers: readonly number[]): string {
	return `${numbers.length === 1 ? 'item' : 'items'} ${shortened(numbers.map(String))}`;
}

/** "#718–#1166, #1170": neighbours in one range. */
export function ranges(ids: readonly unknown[]): string {
	const found: Array<[first: unknown, last: unknown]> = [];
	for (const id of ids) {
		const last = found.at(-1);
		if (last !== undefined && typeof id === 'number' && last[1] === id - 1) last[1] = id;
		else found.push([id, id]);
	}
	return shortened(found.map(([first, last]) => (first === last ? `#${String(first)}` : `#${String(first)}–#${String(last)}`)));
}

function shortened(texts: readonly string[]): string {
	const rest = texts.length - LISTED;
	return rest > 0 ? `${texts.slice(0, LISTED).join(', ')} and ${rest} more` : texts.join(', ');
}
