// What polling and webhook nodes share: the form, and which events are new.

import type { IDataObject, INodeExecutionData, INodeProperties, JsonObject } from 'n8n-workflow';

import type { Manifest, Trigger } from '../manifest.ts';
import type { Event } from '../runtime/contract.ts';
import { label } from './fields.ts';
import { formOf, jsonOf, layoutOf } from './form.ts';
import type { Read } from './form.ts';
import { orderOf } from './order.ts';
import type { Order } from './order.ts';

/** How many ids of events are remembered. */
const REMEMBERED = 1000;

export type Mode = Trigger['modes'][number];

export function triggersOf(manifest: Manifest, mode: Mode): Trigger[] {
	return manifest.triggers.filter((trigger) => trigger.modes.includes(mode));
}

export function triggerForm(manifest: Manifest, mode: Mode): INodeProperties[] {
	const triggers = triggersOf(manifest, mode);
	const options = triggers.map((trigger) => ({
		name: trigger.title,
		value: trigger.name,
		description: trigger.description,
	}));
	const chooser: INodeProperties = {
		displayName: 'Event',
		name: 'event',
		type: 'options',
		noDataExpression: true,
		options: [...options].sort((a, b) => a.name.localeCompare(b.name)),
		default: triggers[0]?.name ?? '',
	};
	const forms = triggers.flatMap((trigger) =>
		formOf(manifest, layoutOf(manifest, trigger.config, { filters: true }), { event: [trigger.name] }),
	);
	return [chooser, ...forms];
}

/** The chosen trigger with its configuration as JSON text. */
export function configured(manifest: Manifest, mode: Mode, read: Read) {
	const name = String(read('event', ''));
	const trigger = triggersOf(manifest, mode).find((each) => each.name === name);
	const layout = layoutOf(manifest, trigger?.config ?? {}, { filters: true });
	return { name, config: JSON.stringify(jsonOf(manifest, layout, read)), sample: trigger?.sample, order: orderOf(manifest, trigger?.output) };
}

/** Drops what was seen before, and remembers the rest. */
export function unseen(data: IDataObject, events: readonly Event[]): Event[] {
	const seen = new Set(Array.isArray(data.seen) ? (data.seen as string[]) : []);
	const fresh = events.filter(({ id }) => {
		const known = seen.has(id);
		seen.add(id);
		return !known;
	});
	data.seen = [...seen].slice(-REMEMBERED);
	return fresh;
}

export function asItems(events: readonly Event[], order: Order): INodeExecutionData[] {
	return events.map((event) => ({ json: order(JSON.parse(event.item.json) as JsonObject) }));
}

export function titleOf(manifest: Manifest, suffix: string): string {
	return `${label(manifest.title)} ${suffix}`;
}
