// The classes that n8n finds in a package: credential, action nodes, and a
// trigger node for each way in which the component reports events.

import type {
	ICredentialType,
	IExecuteFunctions,
	INodeType,
	IPollFunctions,
	IWebhookFunctions,
} from 'n8n-workflow';

import { checkConnection } from './adapter/check.ts';
import { credentialType } from './adapter/credential.ts';
import { actionDescription, nodeAreas } from './adapter/description.ts';
import { triggersOf } from './adapter/events.ts';
import { execute } from './adapter/execute.ts';
import { listMethods } from './adapter/lists.ts';
import { Package } from './adapter/package.ts';
import { poll, pollingDescription } from './adapter/polling.ts';
import { webhook, webhookDescription, webhookMethods } from './adapter/webhook.ts';
import type { Manifest } from './manifest.ts';
import type { Artefact } from './runtime/component.ts';
import type { Machine } from './runtime/world.ts';

/** A class without arguments. */
type Constructor<T> = new () => T;

export interface Nodes {
	credentials: Record<string, Constructor<ICredentialType>>;
	nodes: Record<string, Constructor<INodeType>>;
}

/** What a component becomes in n8n, by the names of the files that n8n loads. */
export function nodesOf(manifest: Manifest, artefact: Artefact, machine?: Machine): Nodes {
	const node = new Package(manifest, artefact, machine);
	const base = capital(manifest.name);
	const methods = { ...listMethods(node), credentialTest: { checkConnection: checkConnection(node) } };
	const nodes: Nodes['nodes'] = {};
	for (const area of nodeAreas(manifest)) {
		nodes[capital(area.name)] = class {
			description = actionDescription(manifest, area);
			methods = methods;
			execute = function (this: IExecuteFunctions) {
				return execute(this, node);
			};
		};
	}
	if (triggersOf(manifest, 'webhook').length > 0) {
		nodes[`${base}Trigger`] = class {
			description = webhookDescription(manifest);
			methods = methods;
			webhookMethods = webhookMethods(node);
			webhook = function (this: IWebhookFunctions) {
				return webhook(this, node);
			};
		};
	}
	if (triggersOf(manifest, 'poll').length > 0) {
		nodes[`${base}PollingTrigger`] = class {
			description = pollingDescription(manifest);
			methods = methods;
			poll = function (this: IPollFunctions) {
				return poll(this, node);
			};
		};
	}
	const credential = class {
		constructor() {
			Object.assign(this, credentialType(manifest));
		}
	} as Constructor<ICredentialType>;
	return { credentials: { [`${base}Api`]: credential }, nodes };
}

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
