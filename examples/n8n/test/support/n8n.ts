// As much of n8n as a node sees while it runs: parameters are resolved by n8n's
// own code from what is put in and what the description says.

import { NodeHelpers } from 'n8n-workflow';
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
	runIndex?: number;
}

function nodeOf(description: INodeTypeDescription, setup: Setup): INode {
	const node: INode = {
		id: '1',
		name: description.displayName,
		type: setup.type ?? description.name,
		typeVersion: 1,
		position: [0, 0],
		parameters: setup.parameters,
	};
	const resolved = NodeHelpers.getNodeParameters(description.properties, setup.parameters, true, false, node, description);
	return { ...node, ...(setup.onError === undefined ? {} : { onError: setup.onError }), parameters: resolved ?? {} };
}

/** `a.b` of the parameters. */
function at(parameters: INodeParameters, name: string): unknown {
	return name.split('.').reduce<unknown>((inner, part) => (inner as IDataObject | undefined)?.[part], parameters);
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
		getTimezone: () => 'Europe/Berlin',
		getWorkflowStaticData: () => staticData,
		getNodeParameter: (name: string, second?: unknown, third?: unknown) => {
			const found = at(node.parameters, name) ?? (typeof second === 'number' ? third : second);
			if (found === undefined) throw new Error(`Could not get parameter "${name}"`);
			return found;
		},
		getCurrentNodeParameter: (name: string) => at(node.parameters, name),
	};
}

export async function run(type: INodeType, setup: Setup) {
	const hints: NodeExecutionHint[] = [];
	const items: INodeExecutionData[] = setup.items ?? [{ json: {} }];
	const self = {
		...contextOf(type.description, setup),
		getInputData: () => items,
		continueOnFail: () => setup.continueOnFail ?? false,
		getExecutionCancelSignal: () => setup.cancel,
		getExecutionId: () => setup.execution ?? '1',
		getWorkflowDataProxy: () => ({ $runIndex: setup.runIndex ?? 0 }),
		addExecutionHints: (...more: NodeExecutionHint[]) => hints.push(...more),
		helpers: {
			assertBinaryData: (index: number, name: string) => items[index]?.binary?.[name],
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
