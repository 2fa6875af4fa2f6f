// The action node as n8n sees it.

import { NodeConnectionTypes } from 'n8n-workflow';
import type { INodeProperties, INodePropertyOptions, INodeTypeDescription } from 'n8n-workflow';

import type { Manifest } from '../manifest.ts';
import { credentialName } from './credential.ts';
import { label } from './fields.ts';
import { actionsOf, formOf } from './form.ts';
import type { Action } from './form.ts';

/** n8n's words for what operations are called everywhere. */
const VERBS: Record<string, string> = { list: 'Get Many' };

/** What all nodes of a component share. */
export function commonDescription(manifest: Manifest) {
	return {
		icon: 'file:icon.svg' as const,
		version: 1,
		...(manifest.documentation_url === undefined ? {} : { documentationUrl: manifest.documentation_url }),
		credentials: [{ name: credentialName(manifest), required: true, testedBy: 'checkConnection' }],
		codex: { categories: ['Communication', 'Productivity'], alias: manifest.keywords ?? [] },
	};
}

export function actionDescription(manifest: Manifest): INodeTypeDescription {
	const actions = actionsOf(manifest);
	return {
		...commonDescription(manifest),
		displayName: manifest.title,
		name: manifest.name,
		group: ['transform'],
		subtitle: '={{ ($parameter["operation"] + ": " + $parameter["resource"]).replaceAll("_", " ") }}',
		description: manifest.description.replace(/\.$/, ''),
		defaults: { name: manifest.title },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		properties: [resourceField(manifest, actions), ...operationFields(actions), ...forms(manifest, actions)],
	};
}

function resourceField(manifest: Manifest, actions: Action[]): INodeProperties {
	const names = [...new Set(actions.map((action) => action.resource))];
	const options = names.map((name): INodePropertyOptions => {
		const resource = manifest.resources?.find((each) => each.name === name);
		const title = resource?.title ?? label(name);
		const group = resource?.group === undefined ? '' : `${resource.group}: `;
		return { name: label(title), value: name, description: group + (resource?.description ?? '') };
	});
	return {
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: [...options].sort((a, b) => a.name.localeCompare(b.name)),
		default: names[0] ?? '',
	};
}

function operationFields(actions: Action[]): INodeProperties[] {
	const byResource = Map.groupBy(actions, (action) => action.resource);
	return [...byResource].map(([resource, group]) => {
		const options = group.map(({ operation, verb }) => ({
			name: VERBS[verb] ?? label(verb),
			value: verb,
			description: operation.description,
			action: operation.title,
		}));
		// Harmless until somebody chooses otherwise.
		const first = group.find(({ operation }) => operation.annotations.read_only) ?? group[0];
		return {
			displayName: 'Operation',
			name: 'operation',
			type: 'options',
			noDataExpression: true,
			displayOptions: { show: { resource: [resource] } },
			options: options.sort((a, b) => a.name.localeCompare(b.name)),
			default: first?.verb ?? '',
		};
	});
}

function forms(manifest: Manifest, actions: Action[]): INodeProperties[] {
	return actions.flatMap((action) => {
		const show = { resource: [action.resource], operation: [action.verb] };
		return [
			...formOf(manifest, action.layout, show),
			...fileFields(action).map((field) => ({ ...field, displayOptions: { show } })),
			optionsField(action, show),
		];
	});
}

function fileFields({ operation }: Action): INodeProperties[] {
	const fields: INodeProperties[] = [];
	if (operation.files?.takes === true) {
		fields.push({
			displayName: 'Input Data Field Names',
			name: 'inputFiles',
			type: 'string',
			default: '',
			placeholder: 'e.g. data',
			hint: 'The binary fields of the input item to send along, with commas between them',
			description: 'Names of the binary fields that hold the files',
			typeOptions: { binaryDataProperty: true },
		});
	}
	if (operation.files?.gives === true) {
		fields.push({
			displayName: 'Put Output File in Field',
			name: 'outputFile',
			type: 'string',
			default: 'data',
			hint: 'The name of the binary field for the file; further files get a number after it',
			description: 'Name of the binary field that will hold the file',
		});
	}
	return fields;
}

function optionsField({ operation }: Action, show: Record<string, string[]>): INodeProperties {
	const options: INodeProperties[] = [
		{
			displayName: 'Timeout',
			name: 'timeout',
			type: 'number',
			default: 60,
			typeOptions: { minValue: 1, maxValue: 600 },
			description: 'How many seconds one call of the component may take; long lists need several calls',
		},
	];
	if (operation.annotations.dry_run) {
		options.push({
			displayName: 'Dry Run',
			name: 'dryRun',
			type: 'boolean',
			default: true,
			description: 'Whether to show the requests and send none of them',
		});
	}
	if (!operation.annotations.read_only) {
		options.push({
			displayName: 'Let a Model Do This',
			name: 'confirmed',
			type: 'boolean',
			default: false,
			description:
				'Whether an AI agent may run this operation even where it takes something away or is seen by customers. Runs that a person set up need no permission.',
		});
	}
	return {
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options,
		displayOptions: { show },
	};
}
