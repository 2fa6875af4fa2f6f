// What a model is given back: as much as it can read, and a mark where that is
// not all.

import type { GenericValue, IDataObject, INodeExecutionData } from 'n8n-workflow';

/** Characters of JSON that all results of a tool have together. */
const ALL = 40_000;
/** Characters of one text inside a result. */
const TEXT = 4_000;

export function bounded(results: INodeExecutionData[]): INodeExecutionData[] {
	const kept: INodeExecutionData[] = [];
	let size = 0;
	for (const result of results) {
		const json = shortened(result.json) as IDataObject;
		size += JSON.stringify(json).length;
		if (size > ALL && kept.length > 0) {
			const advice = `Only ${kept.length} of ${results.length} results are shown. Ask for fewer, or narrow the filters.`;
			return [...kept, { json: { truncated: true, advice }, ...pairOf(result) }];
		}
		kept.push({ ...result, json });
	}
	return kept;
}

const pairOf = ({ pairedItem }: INodeExecutionData) => (pairedItem === undefined ? {} : { pairedItem });

function shortened(value: unknown): GenericValue | IDataObject {
	if (typeof value === 'string' && value.length > TEXT) {
		return `${value.slice(0, TEXT)}… (cut, ${value.length.toLocaleString('en-US')} characters in all)`;
	}
	if (Array.isArray(value)) return value.map((each) => shortened(each)) as unknown as GenericValue;
	if (typeof value !== 'object' || value === null) return value as GenericValue;
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shortened(each)])) as IDataObject;
}
