// What a process knows of a webhook subscription beside the static data. n8n
// reads static data before a delivery, or before a workflow is switched on, and
// writes it some time after; another delivery may come in between.

import type { IDataObject } from 'n8n-workflow';

import { inTurn } from './queue.ts';

interface Known {
	data: IDataObject;
	/** When the service was last asked for what it may not have delivered; 0 is never. */
	asked: number;
}

/** By the secret, which is another one for each subscription. */
const known = new Map<string, Known>();

const keyOf = (data: IDataObject) => String(data.secret);

/** Goes up with each change of the data. */
const turnOf = (data: IDataObject) => (typeof data.turn === 'number' ? data.turn : 0);

/** Runs when nothing else is under way for the subscription, with its newest data in `data`. */
export function withNewest<T>(data: IDataObject, run: () => Promise<T>): Promise<T> {
	const key = keyOf(data);
	return inTurn([key], async () => {
		const newest = known.get(key)?.data;
		if (newest !== undefined && turnOf(newest) > turnOf(data)) Object.assign(data, newest);
		const result = await run();
		data.turn = turnOf(data) + 1;
		known.set(key, { asked: askedAt(data), data: { ...data } });
		return result;
	});
}

/** Never, for a process that has just started: it does not know what came meanwhile. */
export function askedAt(data: IDataObject): number {
	return known.get(keyOf(data))?.asked ?? 0;
}

export function asked(data: IDataObject, when: number): void {
	known.set(keyOf(data), { data: { ...data }, asked: when });
}

export function forget(data: IDataObject): void {
	known.delete(keyOf(data));
}
