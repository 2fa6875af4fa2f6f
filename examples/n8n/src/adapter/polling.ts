// The trigger that asks now and then. Its state is the component's, kept in the static data
// of the workflow; a first poll only says where to begin.

import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type { INodeExecutionData, INodeTypeDescription, IPollFunctions } from 'n8n-workflow';

import type { Account } from '../runtime/account.ts';
import type { Event } from '../runtime/contract.ts';
import { failureOf } from '../runtime/failure.ts';
import { credentialName, credentialProperties } from './credential.ts';
import { commonDescription } from './description.ts';
import { errorFor } from './errors.ts';
import { asItems, configured, triggerForm, unseen } from './events.ts';
import type { Manifest } from '../manifest.ts';
import { properties } from '../manifest.ts';
import type { Package } from './package.ts';

/** Polls that may follow each other at once while more events are waiting. */
const IN_A_ROW = 20;

export function pollingDescription(manifest: Manifest): INodeTypeDescription {
	return {
		...commonDescription(manifest),
		displayName: `${manifest.title} Polling Trigger`,
		name: `${manifest.name}PollingTrigger`,
		group: ['trigger'],
		polling: true,
		subtitle: '={{ $parameter["event"].replace(/[._]/g, " ") }}',
		description: `Starts the workflow when something happens in ${manifest.title}, by asking once a minute or less often. Has every event and needs no webhook.`,
		defaults: { name: `${manifest.title} Polling Trigger` },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		properties: triggerForm(manifest, 'poll'),
	};
}

export async function poll(self: IPollFunctions, node: Package): Promise<INodeExecutionData[][] | null> {
	if (self.getMode() === 'manual') return tryOut(self, node);
	const { name, config, order } = configuration(self, node);
	const data = self.getWorkflowStaticData('node');
	// Another event, or another account, begins anew.
	const subject = `${name} ${self.getNode().credentials?.[credentialName(node.manifest)]?.id ?? ''}`;
	if (data.subject !== subject) {
		delete data.state;
		data.subject = subject;
	}
	const before = typeof data.state === 'string' ? data.state : undefined;
	const { events, state } = await asked(self, node, name, config, before);
	data.state = state;
	const fresh = unseen(data, events);
	return fresh.length === 0 ? null : [asItems(fresh, order)];
}

/** The setting by which a first poll gives the latest records. */
const SAMPLES = 'samples';

/**
 * A person tries the trigger: what a first poll finds now, and nothing that is made up, since the next step may act on it.
 * The state of the active workflow stays as it is.
 */
async function tryOut(self: IPollFunctions, node: Package): Promise<INodeExecutionData[][]> {
	const { name, trigger, config, order } = configuration(self, node);
	const hasSamples = trigger?.config.properties?.[SAMPLES] !== undefined;
	const wanted = hasSamples ? { ...config, [SAMPLES]: Math.max(Number(config[SAMPLES]) || 0, 1) } : config;
	const { events } = await asked(self, node, name, wanted, undefined);
	if (events.length > 0) return [asItems(events, order)];
	throw new NodeOperationError(self.getNode(), 'There is nothing to show for this event now.', {
		description: hasSamples
			? 'No record matches the event and its filters. Widen the filters, or make such a record, and try again.'
			: 'This event shows nothing from the past. Activate the workflow and let it happen once; its data is in the execution then, from where it can be pinned.',
	});
}

function configuration(self: IPollFunctions, node: Package) {
	return configured(node.manifest, 'poll', (name, fallback) => self.getNodeParameter(name, fallback), self.getTimezone());
}

async function asked(
	self: IPollFunctions,
	node: Package,
	name: string,
	config: Record<string, unknown>,
	before: string | undefined,
) {
	const account = await node.account(self);
	return ask(account, name, JSON.stringify(config), before).catch((error: unknown) => {
		// What was found comes again with the next poll.
		throw errorFor(self.getNode(), failureOf(error).error, { readOnly: true, properties: propertiesOf(node, name) });
	});
}

export function propertiesOf(node: Package, trigger: string) {
	const { config = {} } = node.manifest.triggers.find(({ name }) => name === trigger) ?? {};
	return [...properties(node.manifest, config), ...credentialProperties(node.manifest)];
}

/** All that happened since `before`. */
export async function ask(account: Account, trigger: string, config: string, before: string | undefined) {
	const events: Event[] = [];
	let state = before;
	for (let turn = 0; turn < IN_A_ROW; turn += 1) {
		const polled = await account.call({}, (exports, context, connection) => {
			if (exports.triggers === undefined) throw new Error('The component has no triggers.');
			return exports.triggers.poll(context, connection, trigger, config, state);
		});
		events.push(...polled.events);
		state = polled.state;
		if (!polled.more) break;
	}
	return { events, state };
}
