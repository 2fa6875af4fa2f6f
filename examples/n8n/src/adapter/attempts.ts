// n8n runs a step again in the same execution where Retry On Fail is on: after an
// error, and after a run that went on past an error of its first item. It hands
// over all items again. What must not be done twice is remembered here for that.

import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

/** How many steps are remembered, those that n8n may run again. */
const REMEMBERED = 100;

/** What was done for an item. */
interface Done {
	/** What the item asked for. */
	json: string;
	results: INodeExecutionData[];
}

interface Step {
	/** What to say of each attempt. */
	reports: string[];
	done: Map<number, Done>;
}

const steps = new Map<string, Step>();

/** The attempts of a step, of which this is one. */
export class Attempts {
	readonly #name: string;
	readonly #step: Step;

	constructor(name: string) {
		this.#name = name;
		this.#step = steps.get(name) ?? { reports: [], done: new Map() };
	}

	/** What came before this attempt, in words; nothing for the first one. */
	earlier(): string | undefined {
		const { reports, done } = this.#step;
		if (reports.length === 0) return undefined;
		const told = reports.map((report, index) => `Attempt ${index + 1}: ${report}`);
		const kept = done.size === 0 ? '' : ' Items that were done are not done again.';
		return `This was attempt ${reports.length + 1} of the step.${kept} ${told.join(' ')}`;
	}

	/** What an earlier attempt did for the item. */
	results(item: number, json: string): INodeExecutionData[] | undefined {
		const done = this.#step.done.get(item);
		return done?.json === json ? done.results : undefined;
	}

	/** Keeps what the next attempt, if there is one, must know. */
	record(report: string, done: ReadonlyMap<number, Done>): void {
		const { reports, done: before } = this.#step;
		steps.delete(this.#name);
		steps.set(this.#name, { reports: [...reports, report], done: new Map([...before, ...done]) });
		const [oldest] = steps.keys();
		if (steps.size > REMEMBERED && oldest !== undefined) steps.delete(oldest);
	}
}

/** What an attempt has in common with its repetitions, and with nothing else. */
export function stepOf(self: IExecuteFunctions): string {
	const { $runIndex: run } = self.getWorkflowDataProxy(0);
	return [self.getWorkflow().id, self.getExecutionId(), self.getNode().id, run].join('/');
}
