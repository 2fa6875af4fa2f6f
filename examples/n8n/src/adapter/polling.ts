// The trigger that asks. Its state is the component's, kept in the static data
// of the workflow; a first poll only says where to begin.

import { NodeConnectionTypes } from 'n8n-workflow';
import type { INodeExecutionData, INodeTypeDescription, IPollFunctions, JsonObject } from 'n8n-workflow';

import type { Account } from '../runtime/account.ts';
import type { Event } from '../runtime/contract.ts';
import { failureOf } from '../runtime/failure.ts';
import { credentialName } from './credential.ts';
import { commonDescription } from './description.ts';
import { errorFor } from './errors.ts';
import { asItems, configured, titleOf, triggerForm, unseen } from './events.ts';
import type { Manifest } from '../manifest.ts';
import type { Package } from './package.ts';

/** Polls that may follow each other at once while more events are waiting. */
const IN_A_ROW = 20;

export function pollingDescription(manifest: Manifest): INodeTypeDescription {
	return {
		...commonDescription(manifest),
		displayName: titleOf(manifest, 'Polling Trigger'),
		name: `${manifest.name}PollingTrigger`,
		group: ['trigger'],
		polling: true,
		subtitle: '={{ $parameter["event"] }}',
		description: `Starts the workflow when something happens in ${manifest.title}, by asking now and then`,
		defaults: { name: titleOf(manifest, 'Polling Trigger') },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		properties: triggerForm(manifest, 'poll'),
	};
}

export async function poll(self: IPollFunctions, node: Package): Promise<INodeExecutionData[][] | null> {
	const read = (name: string, fallback: unknown) => self.getNodeParameter(name, fallback);
	const { name, config, sample, order } = configured(node.manifest, 'poll', read);
	if (self.getMode() === 'manual' && sample !== undefined) return [[{ json: order(sample as JsonObject) }]];
	const data = self.getWorkflowStaticData('node');
	// Another event, or another account, begins anew.
	const subject = `${name} ${self.getNode().credentials?.[credentialName(node.manifest)]?.id ?? ''}`;
	if (data.subject !== subject) {
		delete data.state;
		data.subject = subject;
	}
	const account = await node.account(self);
	const before = typeof data.state === 'string' ? data.state : undefined;
	const { events, state } = await ask(account, name, config, before).catch((error: unknown) => {
		// What was found comes again with the next poll.
		throw errorFor(self.getNode(), failureOf(error).error, { readOnly: true });
	});
	data.state = state;
	const fresh = unseen(data, events);
	return fresh.length === 0 ? null : [asItems(fresh, order)];
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
