// What polling and webhook nodes share: the form, and which events are new.

import type { IDataObject, INodeExecutionData, INodeProperties, JsonObject } from 'n8n-workflow';

import type { Manifest, Trigger } from '../manifest.ts';
import { properties } from '../manifest.ts';
import type { Event } from '../runtime/contract.ts';
import { formOf, jsonOf, layoutOf } from './form.ts';
import type { Read } from './form.ts';
import { orderOf } from './order.ts';
import type { Order } from './order.ts';
import { help, label, sentences } from './words.ts';

/** How many ids of events are remembered. */
const REMEMBERED = 1000;

export type Mode = Trigger['modes'][number];

export function triggersOf(manifest: Manifest, mode: Mode): Trigger[] {
	return manifest.triggers.filter((trigger) => trigger.modes.includes(mode));
}

export function triggerForm(manifest: Manifest, mode: Mode): INodeProperties[] {
	const triggers = triggersOf(manifest, mode);
	const options = triggers.map((trigger) => ({
		name: label(trigger.title),
		value: trigger.name,
		// n8n would say "On …", which does not go with every title.
		action: trigger.title,
		description: about(manifest, trigger)[0],
	}));
	const chooser: INodeProperties = {
		displayName: 'Event',
		name: 'event',
		type: 'options',
		noDataExpression: true,
		options: [...options].sort((a, b) => a.name.localeCompare(b.name)),
		default: triggers[0]?.name ?? '',
	};
	const forms = triggers.flatMap((trigger) => {
		const show = { event: [trigger.name] };
		const [, rest] = about(manifest, trigger);
		const notice: INodeProperties = { displayName: rest, name: 'about', type: 'notice', default: '', displayOptions: { show } };
		return [...(rest === '' ? [] : [notice]), ...formOf(manifest, layoutOf(manifest, trigger.config, { filters: true }), show)];
	});
	return [chooser, ...forms];
}

function about(manifest: Manifest, trigger: Trigger): [first: string, rest: string] {
	return sentences(help(trigger.description, properties(manifest, trigger.config)));
}

/** The chosen trigger with its configuration. */
export function configured(manifest: Manifest, mode: Mode, read: Read, zone: string) {
	const name = String(read('event', ''));
	const trigger = triggersOf(manifest, mode).find((each) => each.name === name);
	const layout = layoutOf(manifest, trigger?.config ?? {}, { filters: true });
	return { name, trigger, config: jsonOf(manifest, layout, read, zone), order: orderOf(manifest, trigger?.output) };
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
