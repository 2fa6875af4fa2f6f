// The trigger that the service calls. A subscription lives as long as the workflow is
// active; its state and signing secret are kept in the static data.

import { NodeConnectionTypes, generateSecureToken } from 'n8n-workflow';
import type {
	IDataObject,
	IHookFunctions,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

import type { Manifest } from '../manifest.ts';
import type { Delivery, Endpoint, Event, Exports, Reported } from '../runtime/contract.ts';
import { failureOf } from '../runtime/failure.ts';
import { commonDescription, nodeAreas } from './description.ts';
import type { NodeArea } from './description.ts';
import { errorFor } from './errors.ts';
import { asItems, configured, triggerForm, triggersOf, unseen } from './events.ts';
import type { Package } from './package.ts';
import { ask, propertiesOf } from './polling.ts';
import { asked, askedAt, forget, withNewest } from './subscription.ts';
import { sentences } from './words.ts';

/** How long deliveries are believed to be all. */
const ASK_AFTER_MS = 5 * 60_000;

export function webhookDescription(manifest: Manifest): INodeTypeDescription {
	const [{ title, description }] = nodeAreas(manifest) as [NodeArea];
	const [does] = sentences(description);
	return {
		...commonDescription(manifest),
		displayName: `${title} Trigger`,
		name: `${manifest.name}Trigger`,
		group: ['trigger'],
		subtitle: '={{ $parameter["event"].replace(/[._]/g, " ") }}',
		// n8n shows this text for the action node of the same name, too.
		description: `${does}, or starts the workflow at once by a webhook when something happens there`,
		defaults: { name: `${title} Trigger` },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		webhooks: [{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook', rawBody: true }],
		properties: triggerForm(manifest, 'webhook'),
	};
}

type Triggers = NonNullable<Exports['triggers']>;

export function webhookMethods(node: Package) {
	return {
		default: {
			/** What exists already is found by its state, and set right. */
			async checkExists(this: IHookFunctions): Promise<boolean> {
				const data = dataOf(this);
				if (typeof data.state !== 'string') return false;
				await withNewest(data, () => subscribe(this, node, data, String(data.state)));
				// Nobody may have listened until now.
				asked(data, 0);
				return true;
			},

			async create(this: IHookFunctions): Promise<boolean> {
				const data = dataOf(this);
				data.secret ??= generateSecureToken();
				await withNewest(data, () => subscribe(this, node, data, undefined));
				asked(data, Date.now());
				return true;
			},

			async delete(this: IHookFunctions): Promise<boolean> {
				const data = dataOf(this);
				const { state } = data;
				if (typeof state !== 'string') return true;
				const { name, config } = configuration(this, node);
				await called(this, node, async (triggers, context, connection) => ({
					report: await triggers.unsubscribe(context, connection, name, config, state),
				}));
				forget(data);
				for (const name of Object.keys(data)) delete data[name];
				return true;
			},
		},
	};
}

async function subscribe(
	self: IHookFunctions,
	node: Package,
	data: IDataObject,
	state: string | undefined,
): Promise<void> {
	const { name, config } = configuration(self, node);
	const endpoint = endpointOf(self.getNodeWebhookUrl('default'), data);
	const subscription = await called(self, node, (triggers, context, connection) =>
		triggers.subscribe(context, connection, name, config, endpoint, state),
	);
	data.state = subscription.state;
}

export function webhook(self: IWebhookFunctions, node: Package): Promise<IWebhookResponseData> {
	const data = dataOf(self);
	return withNewest(data, () => delivered(self, node, data));
}

async function delivered(self: IWebhookFunctions, node: Package, data: IDataObject): Promise<IWebhookResponseData> {
	const { name, config, order } = configuration(self, node);
	const endpoint = endpointOf(self.getNodeWebhookUrl('default'), data);
	const delivery = await deliveryOf(self);
	const state = String(data.state ?? '');
	const received = await called(self, node, (triggers, context, connection) =>
		triggers.receive(context, connection, name, config, endpoint, state, delivery),
	);
	data.state = received.state;
	const response = self.getResponseObject();
	const { status, headers, body } = received.reply;
	response.status(status);
	for (const header of headers) response.setHeader(header.name, header.value);
	response.end(Buffer.from(body));
	const missed = status < 300 ? await missedOnes(self, node, data) : [];
	const fresh = unseen(data, [...missed, ...received.events]);
	return fresh.length === 0 ? { noWebhookResponse: true } : { noWebhookResponse: true, workflowData: [asItems(fresh, order)] };
}

/**
 * What was not delivered: while n8n was down, or because it got lost on the way. It is asked for now and then, by a poll
 * with the state of the subscription.
 */
async function missedOnes(self: IWebhookFunctions, node: Package, data: IDataObject): Promise<Event[]> {
	const { name, config } = configuration(self, node);
	const polls = triggersOf(node.manifest, 'poll').some((trigger) => trigger.name === name);
	if (!polls || Date.now() - askedAt(data) < ASK_AFTER_MS) return [];
	try {
		const { events, state } = await ask(await node.account(self), name, config, String(data.state ?? ''));
		data.state = state ?? null;
		asked(data, Date.now());
		return events;
	} catch {
		// The next delivery tries again; this one is good.
		return [];
	}
}

async function deliveryOf(self: IWebhookFunctions): Promise<Delivery> {
	const request = self.getRequestObject();
	// With `rawBody` n8n leaves the body to be read.
	if (request.rawBody === undefined) await request.readRawBody();
	const headers = Object.entries(self.getHeaderData()).flatMap(([name, value]) =>
		[value ?? []].flat().map((each) => ({ name, value: each })),
	);
	return {
		method: request.method,
		pathWithQuery: request.originalUrl,
		headers,
		body: new Uint8Array(request.rawBody ?? []),
	};
}

function configuration(self: IHookFunctions | IWebhookFunctions, node: Package) {
	const read = (name: string, fallback: unknown) => self.getNodeParameter(name, fallback);
	const { config, ...rest } = configured(node.manifest, 'webhook', read, self.getTimezone());
	return { ...rest, config: JSON.stringify(config) };
}

function endpointOf(url: string | undefined, data: IDataObject): Endpoint {
	return { callbackUrl: url ?? '', signingSecret: String(data.secret ?? '') };
}

/** n8n keeps those of the test address and of the real one apart. */
function dataOf(self: IHookFunctions | IWebhookFunctions): IDataObject {
	return self.getWorkflowStaticData('node');
}

async function called<T extends Reported>(
	self: IHookFunctions | IWebhookFunctions,
	node: Package,
	run: (
		triggers: Triggers,
		context: Parameters<Triggers['poll']>[0],
		connection: Parameters<Triggers['poll']>[1],
	) => Promise<T> | T,
): Promise<T> {
	const account = await node.account(self);
	try {
		return await account.call({}, (exports, context, connection) => {
			if (exports.triggers === undefined) throw new Error('The component has no triggers.');
			return run(exports.triggers, context, connection);
		});
	} catch (error) {
		// Whoever publishes a workflow sees the headline and no more.
		throw errorFor(self.getNode(), failureOf(error).error, { brief: true, properties: propertiesOf(node, configuration(self, node).name) });
	}
}
