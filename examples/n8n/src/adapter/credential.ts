// The credential form, from the component's credential spec.

import type { ICredentialDataDecryptedObject, ICredentialType, INodeProperties } from 'n8n-workflow';

import type { CredentialField, Manifest, Property } from '../manifest.ts';
import { label } from './words.ts';

/** The switch that shows the advanced fields. */
const ADVANCED = 'advanced_settings';

export function credentialName(manifest: Manifest): string {
	return `${manifest.name}Api`;
}

export function credentialType(manifest: Manifest): ICredentialType {
	const { fields, documentation_url: page } = manifest.credentials;
	const advanced = fields.filter((field) => field.advanced);
	const form = fields.filter((field) => !field.advanced).map(formField);
	if (advanced.length > 0) {
		form.push({
			displayName: 'Advanced Settings',
			name: ADVANCED,
			type: 'boolean',
			default: false,
			description: 'Whether to show what is rarely needed',
		});
		form.push(...advanced.map(formField));
	}
	return {
		name: credentialName(manifest),
		// n8n has a node, and so a credential, for some services itself.
		displayName: `${manifest.title} (Component) API`,
		...(page === undefined ? {} : { documentationUrl: page }),
		icon: 'file:icon.svg',
		properties: form,
	};
}

/** The fields as errors may name them. */
export function credentialProperties(manifest: Manifest): Property[] {
	return manifest.credentials.fields.map(({ name, label, required = false }) => ({ name, schema: { title: label }, required, inherited: false }));
}

const TYPES: Partial<Record<string, INodeProperties['type']>> = {
	integer: 'number',
	number: 'number',
	boolean: 'boolean',
	choice: 'options',
	choices: 'multiOptions',
	notice: 'notice',
};

/** Text of several lines. */
const LONG = ['multiline', 'file', 'key_value', 'json'];

function formField(field: CredentialField): INodeProperties {
	const shown = Object.fromEntries((field.shown_when ?? []).map((each) => [each.field, each.values]));
	const show = field.advanced ? { ...shown, [ADVANCED]: [true] } : shown;
	const { default_value: stated } = field;
	const initial = {
		integer: Number(stated ?? 0),
		number: Number(stated ?? 0),
		boolean: stated === 'true',
		choices: stated?.split('\n') ?? [],
	};
	const form: INodeProperties = {
		displayName: label(field.label),
		name: field.name,
		type: TYPES[field.kind] ?? 'string',
		default: field.kind in initial ? initial[field.kind as keyof typeof initial] : (stated ?? ''),
		...(field.help === undefined ? {} : { description: field.help }),
	};
	if (field.required === true) form.required = true;
	if (field.placeholder !== undefined) form.placeholder = `e.g. ${field.placeholder}`;
	if (Object.keys(show).length > 0) form.displayOptions = { show };
	if (LONG.includes(field.kind)) form.typeOptions = { rows: 4 };
	if (isSecret(field)) form.typeOptions = { password: true };
	if (field.choices !== undefined && field.choices.length > 0) {
		form.options = field.choices.map(({ value, label, help }) => ({
			name: label,
			value,
			...(help === undefined ? {} : { description: help }),
		}));
	}
	return form;
}

/** What a component is given: text, without what is empty or not shown. */
export function credentialValues(manifest: Manifest, data: ICredentialDataDecryptedObject): Record<string, string> {
	const values: Record<string, string> = {};
	for (const field of manifest.credentials.fields) {
		const shown =
			(field.shown_when ?? []).every((each) => each.values.includes(String(data[each.field] ?? ''))) &&
			(field.advanced !== true || data[ADVANCED] === true);
		const value = data[field.name];
		const text = Array.isArray(value) ? value.join('\n') : String(value ?? '');
		if (shown && text.trim() !== '') values[field.name] = text;
	}
	return values;
}

function isSecret({ kind, secret }: CredentialField): boolean {
	return kind === 'secret' || secret === true;
}

/** Names of the fields that hold secrets. */
export function secretNames(manifest: Manifest): Set<string> {
	return new Set(manifest.credentials.fields.filter(isSecret).map((each) => each.name));
}
