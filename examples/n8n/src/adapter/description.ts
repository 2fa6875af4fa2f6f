// The action nodes as n8n sees them: one for each area of the manifest.

import { NodeConnectionTypes } from 'n8n-workflow';
import type { INodeProperties, INodePropertyOptions, INodeTypeDescription } from 'n8n-workflow';

import type { Area, Manifest } from '../manifest.ts';
import { properties } from '../manifest.ts';
import { credentialName } from './credential.ts';
import { neededFile, optionalFile, outputFile } from './files.ts';
import { actionsOf, formOf } from './form.ts';
import type { Action } from './form.ts';
import { optionFields } from './options.ts';
import { outputFields } from './output.ts';
import { help, label, sentences, withoutArticles } from './words.ts';

/** n8n's words for what operations are called everywhere. */
const VERBS: Record<string, string> = { list: 'Get Many', upsert: 'Create or Update' };

const SUBTITLE =
	'={{ ($parameter["operation"].replace(/^list$/, "get many").replace(/^upsert$/, "create or update") + ": " + $parameter["resource"]).replaceAll("_", " ") }}';

/** A node with the operations of an area, or with all of them. */
export interface NodeArea {
	/** Type of the node. */
	name: string;
	title: string;
	description: string;
	area?: Area;
}

export function nodeAreas(manifest: Manifest): NodeArea[] {
	const { areas = [], name, title, description } = manifest;
	if (areas.length === 0) return [{ name, title, description }];
	return areas.map((area, index) => ({
		// The first one belongs together with the triggers, which n8n tells by the name.
		name: index === 0 ? name : `${name}${label(area.name).replaceAll(' ', '')}`,
		title: `${title} ${area.title}`,
		description: area.description,
		area,
	}));
}

/** What all nodes of a component share. */
export function commonDescription(manifest: Manifest) {
	const page = manifest.documentation_url;
	return {
		icon: 'file:icon.svg' as const,
		version: 1,
		...(page === undefined ? {} : { documentationUrl: page }),
		credentials: [{ name: credentialName(manifest), required: true, testedBy: 'checkConnection' }],
		codex: {
			categories: ['Communication', 'Productivity'],
			alias: manifest.keywords ?? [],
			...(page === undefined ? {} : { resources: { primaryDocumentation: [{ url: page }] } }),
		},
	};
}

export function actionDescription(manifest: Manifest, node: NodeArea): INodeTypeDescription {
	const groups = node.area?.groups;
	const isHere = (resource: string) => {
		const group = manifest.resources?.find(({ name }) => name === resource)?.group;
		return groups === undefined || (group !== undefined && groups.includes(group));
	};
	const actions = actionsOf(manifest).filter(({ resource }) => isHere(resource));
	return {
		...commonDescription(manifest),
		displayName: node.title,
		name: node.name,
		group: ['transform'],
		subtitle: SUBTITLE,
		description: sentences(node.description)[0],
		defaults: { name: node.title },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		properties: [
			resourceField(manifest, actions),
			...operationFields(manifest, actions),
			toolDescription(manifest, actions),
			...forms(manifest, actions),
			...outputFields(actions),
		],
	};
}

function resourceField(manifest: Manifest, actions: Action[]): INodeProperties {
	const names = [...new Set(actions.map((action) => action.resource))];
	const options = names.map((name): INodePropertyOptions => {
		const resource = manifest.resources?.find((each) => each.name === name);
		return { name: label(resource?.title ?? name), value: name, description: sentences(resource?.description ?? '')[0] };
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

function operationFields(manifest: Manifest, actions: Action[]): INodeProperties[] {
	const byResource = Map.groupBy(actions, (action) => action.resource);
	return [...byResource].map(([resource, group]) => {
		const options = group.map((action) => ({
			name: VERBS[action.verb] ?? label(action.verb),
			value: action.verb,
			description: about(manifest, action)[0],
			action: withoutArticles(action.operation.title).replace(/^List /, 'Get many '),
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

/** The first sentence of the description, and the rest. */
function about(manifest: Manifest, { operation }: Action): [first: string, rest: string] {
	return sentences(help(operation.description, properties(manifest, operation.input)));
}

/** Characters of a description that a model gets of one operation. */
const TO_A_MODEL = 250;

/**
 * What a model is told of a tool. n8n would say the title of the action only; as one expression for all operations the text
 * follows the operation that is chosen.
 */
function toolDescription(manifest: Manifest, actions: Action[]): INodeProperties {
	const texts = actions.map((action) => {
		const text = help(action.operation.description, properties(manifest, action.operation.input));
		return [`${action.resource}.${action.verb}`, text.length > TO_A_MODEL ? `${sentences(text)[0]}.` : text];
	});
	return {
		displayName: 'Description',
		name: 'toolDescription',
		type: 'string',
		default: `={{ (${JSON.stringify(Object.fromEntries(texts))})[$parameter["resource"] + "." + $parameter["operation"]] }}`,
		typeOptions: { rows: 2 },
		description: 'Explain to the LLM what this tool does. The text follows the operation unless you write your own.',
		displayOptions: { show: { '@tool': [true] } },
	};
}

function forms(manifest: Manifest, actions: Action[]): INodeProperties[] {
	return actions.flatMap((action) => {
		const show = { resource: [action.resource], operation: [action.verb] };
		const { annotations } = action.operation;
		const options = optionFields({ dryRun: annotations.dry_run === true, readOnly: annotations.read_only });
		return [
			...[...notices(manifest, action), ...neededFile(action.operation)].map((field) => ({ ...field, displayOptions: { show } })),
			...formOf(manifest, action.layout, show, { options, fields: optionalFile(action.operation) }),
			...outputFile(action.operation).map((field) => ({ ...field, displayOptions: { show } })),
		];
	});
}

/** n8n shows two lines of a description; what one must know beside them is a notice. */
function notices(manifest: Manifest, action: Action): INodeProperties[] {
	const [, rest] = about(manifest, action);
	return rest === '' ? [] : [{ displayName: rest, name: 'about', type: 'notice', default: '' }];
}
