// The test of a credential: does it work, and if not, why?

import type { ICredentialTestFunction } from 'n8n-workflow';

import { failureOf } from '../runtime/failure.ts';
import type { Package } from './package.ts';

export function checkConnection(node: Package): ICredentialTestFunction {
	return async (credential) => {
		try {
			const account = await node.accountOf(credential.data ?? {});
			const report = await account.check();
			const bad = report.steps.find((step) => step.status === 'fail');
			if (bad !== undefined) {
				return { status: 'Error', message: sentence(bad.label, bad.message, bad.error?.advice ?? bad.advice) };
			}
			const warnings = report.steps.filter((step) => step.status === 'warn');
			const who = report.account === undefined ? [] : [`Connected as ${report.account}.`];
			const told = warnings.map((step) => sentence(step.label, step.message, step.advice));
			return { status: 'OK', message: [...who, ...told].join(' ') || 'Connected.' };
		} catch (error) {
			const { message, advice } = failureOf(error).error;
			return { status: 'Error', message: [message, advice].filter((text) => text !== undefined).join(' ') };
		}
	};
}

function sentence(label: string, message: string, advice: string | undefined): string {
	return `${label}: ${message}${advice === undefined ? '' : ` ${advice}`}`;
}
