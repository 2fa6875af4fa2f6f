// The test of a credential: does it work, and if not, why?

import type { ICredentialTestFunction } from 'n8n-workflow';

import type { CheckReport } from '../runtime/contract.ts';
import { failureOf } from '../runtime/failure.ts';
import { credentialProperties } from './credential.ts';
import type { Package } from './package.ts';
import { ended, message } from './words.ts';

/** Steps that come before anything is read (`check-step.name`). */
const BEFORE = ['token', 'agent', 'permissions'];

type Step = CheckReport['steps'][number];

export function checkConnection(node: Package): ICredentialTestFunction {
	return async (credential) => {
		try {
			const account = await node.accountOf(credential.data ?? {});
			return verdict(await account.check());
		} catch (error) {
			const { message: said, advice, field } = failureOf(error).error;
			const properties = credentialProperties(node.manifest);
			const texts = [said, advice].map((text) => (text === undefined ? text : message(text, properties, field?.split('/')[1])));
			return { status: 'Error', message: joined(texts) };
		}
	};
}

/**
 * n8n shows the text of an error only, so what would keep every workflow from working is one, even where signing in went
 * well; the credential can be saved all the same. One kind of record that can be read is enough: more is not always wanted.
 */
function verdict(report: Pick<CheckReport, 'account' | 'steps'>): { status: 'OK' | 'Error'; message: string } {
	const steps = report.steps.filter((step) => step.status !== 'skipped');
	const reads = steps.filter((step) => !BEFORE.includes(step.name));
	const refused = steps.find((step) => step.status === 'fail' && BEFORE.includes(step.name));
	const useless = refused !== undefined || (reads.length > 0 && reads.every((step) => step.status !== 'pass'));
	const troubles = steps.filter((step) => step.status !== 'pass');
	const who = report.account === undefined ? undefined : `Connected as ${report.account}`;
	if (!useless) return { status: 'OK', message: joined([who ?? 'Connected', ...said(troubles)]) };
	const why = refused === undefined ? troubles : [refused];
	return { status: 'Error', message: who === undefined ? joined(said(why)) : `${who}, but: ${joined(said(why))}` };
}

/** What steps found, then what to do; the same advice once. */
function said(steps: readonly Step[]): string[] {
	const found = steps.map(({ label, message }) => `${label}: ${message}`);
	const advice = steps.map((step) => step.error?.advice ?? step.advice).filter((text) => text !== undefined);
	return [...found, ...new Set(advice)];
}

function joined(texts: ReadonlyArray<string | undefined>): string {
	return texts.filter((text) => text !== undefined).map(ended).join(' ');
}
