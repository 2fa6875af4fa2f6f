// A component with all that its nodes share: manifest, accounts, machine.

import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import type { Manifest } from '../manifest.ts';
import { Account, Accounts } from '../runtime/account.ts';
import type { Artefact } from '../runtime/component.ts';
import { Component } from '../runtime/component.ts';
import type { Machine } from '../runtime/world.ts';
import { credentialName, credentialValues, secretNames } from './credential.ts';

/** Something of n8n that knows the credentials of a node. */
interface HasCredentials {
	getCredentials<T extends object = ICredentialDataDecryptedObject>(name: string): Promise<T>;
}

export class Package {
	readonly manifest: Manifest;
	readonly machine: Machine;
	readonly #accounts: Accounts;

	constructor(manifest: Manifest, artefact: Artefact, machine: Machine = thisMachine) {
		const component = new Component(artefact, machine);
		const secrets = secretNames(manifest);
		this.manifest = manifest;
		this.machine = machine;
		this.#accounts = new Accounts(
			(values) => new Account(component, manifest.credentials.egress, values, secrets),
		);
	}

	async account(self: HasCredentials): Promise<Account> {
		return this.accountOf(await self.getCredentials(credentialName(this.manifest)));
	}

	accountOf(data: ICredentialDataDecryptedObject): Promise<Account> {
		return this.#accounts.of(credentialValues(this.manifest, data));
	}
}

/** `fetch` and the timers of signals, which keep no process alive. */
const thisMachine: Machine = {
	fetch: (input, init) => fetch(input, init),
	sleep: (milliseconds, signal) =>
		new Promise((resolve, reject) => {
			const alarm = AbortSignal.timeout(milliseconds);
			const stop = () => reject(new Error('The wait was cancelled.'));
			if (signal.aborted) stop();
			alarm.addEventListener('abort', () => resolve(), { once: true, signal });
			signal.addEventListener('abort', stop, { once: true, signal: alarm });
		}),
};
