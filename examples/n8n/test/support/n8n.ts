// As much of n8n as a node sees while it runs: parameters are resolved by n8n's
// own code from what is put in and what the description says.

import { NodeHelpers, NodeOperationError } from 'n8n-workflow';
import type {
	IBinaryData,
	IDataObject,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INode,
	INodeExecutionData,
	INodeParameters,
	INodeType,
	INodeTypeDescription,
	NodeExecutionHint,
} from 'n8n-workflow';

export interface Setup {
	parameters: INodeParameters;
	credentials: IDataObject;
	items?: INodeExecutionData[];
	continueOnFail?: boolean;
	onError?: 'continueErrorOutput' | 'continueRegularOutput';
	/** Type of the node, as n8n names it. */
	type?: string;
	mode?: 'manual' | 'trigger' | 'webhook';
	staticData?: IDataObject;
	cancel?: AbortSignal;
	execution?: string;
	retryOnFail?: boolean;
	runIndex?: number;
	/** Time zone of the workflow. */
	zone?: string;
	/** What expressions give, by their text, for each item. */
	expressions?: Record<string, (item: number) => unknown>;
	/** Name of the node. */
	name?: string;
}

function nodeOf(description: INodeTypeDescription, setup: Setup): INode {
	const node: INode = {
		id: '1',
		name: setup.name ?? description.displayName,
		type: setup.type ?? description.name,
		typeVersion: 1,
		position: [0, 0],
		parameters: setup.parameters,
	};
	const resolved = NodeHelpers.getNodeParameters(description.properties, setup.parameters, true, false, node, description);
	if (setup.retryOnFail === true) node.retryOnFail = true;
	return { ...node, ...(setup.onError === undefined ? {} : { onError: setup.onError }), parameters: resolved ?? {} };
}

/** `a.b` of the parameters. */
function at(parameters: INodeParameters, name: string): unknown {
	return name.split('.').reduce<unknown>((inner, part) => (inner as IDataObject | undefined)?.[part], parameters);
}

/** With expressions replaced by what they give. */
function evaluated(value: unknown, item: number, { expressions = {} }: Setup): unknown {
	if (typeof value === 'string') return value.startsWith('=') && value in expressions ? expressions[value]?.(item) : value;
	if (Array.isArray(value)) return value.map((each) => evaluated(each, item, { expressions } as Setup));
	if (typeof value !== 'object' || value === null || value.constructor !== Object) return value;
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, evaluated(each, item, { expressions } as Setup)]));
}

/** What all contexts have. */
export function contextOf(description: INodeTypeDescription, setup: Setup) {
	const node = nodeOf(description, setup);
	const staticData = setup.staticData ?? {};
	return {
		getNode: () => node,
		getWorkflow: () => ({ id: '1', name: 'Workflow', active: true }),
		getCredentials: () => Promise.resolve(setup.credentials),
		getMode: () => setup.mode ?? 'trigger',
		getActivationMode: () => setup.mode ?? 'activate',
		getTimezone: () => setup.zone ?? 'Europe/Berlin',
		getWorkflowStaticData: () => staticData,
		getNodeParameter: (name: string, second?: unknown, third?: unknown) => {
			const [item, fallback] = typeof second === 'number' ? [second, third] : [0, second];
			const found = evaluated(at(node.parameters, name), item, setup) ?? fallback;
			if (found === undefined) throw new Error(`Could not get parameter "${name}"`);
			return found;
		},
		getCurrentNodeParameter: (name: string) => at(node.parameters, name),
	};
}

/** Each run is an execution of its own, unless it repeats one. */
let executions = 0;

export async function run(type: INodeType, setup: Setup) {
	const hints: NodeExecutionHint[] = [];
	executions += 1;
	const execution = setup.execution ?? `run ${executions}`;
	const items: INodeExecutionData[] = setup.items ?? [{ json: {} }];
	const self: IExecuteFunctions = {
		...contextOf(type.description, setup),
		getInputData: () => items,
		continueOnFail: () => setup.continueOnFail ?? false,
		getExecutionCancelSignal: () => setup.cancel,
		getExecutionId: () => execution,
		getWorkflowDataProxy: () => ({ $runIndex: setup.runIndex ?? 0 }),
		addExecutionHints: (...more: NodeExecutionHint[]) => hints.push(...more),
		helpers: {
			assertBinaryData: (index: number, name: string) => {
				const file = items[index]?.binary?.[name];
				if (file !== undefined) return file;
				throw new NodeOperationError(self.getNode(), `This operation expects the node's input data to contain a binary file '${name}', but none was found [item ${index}]`);
			},
			httpRequest: () => Promise.reject(new Error('The link has expired.')),
			getBinaryDataBuffer: (index: number, name: string) =>
				Promise.resolve(Buffer.from(items[index]?.binary?.[name]?.data ?? '', 'base64')),
			prepareBinaryData: (bytes: Buffer, fileName: string, mimeType: string): Promise<IBinaryData> =>
				Promise.resolve({ data: bytes.toString('base64'), fileName, mimeType }),
		},
	} as unknown as IExecuteFunctions;
	const output = await type.execute?.call(self);
	return { results: (output as INodeExecutionData[][])[0] ?? [], hints };
}

export function loading(type: INodeType, setup: Setup): ILoadOptionsFunctions {
	return contextOf(type.description, setup) as unknown as ILoadOptionsFunctions;
}
