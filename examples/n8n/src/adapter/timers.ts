// The timers of generated code, made of n8n's: a community node has no others.
// The build puts these in the place of the global ones (build.mjs).

import { sleep } from 'n8n-workflow';

interface Timer {
	stopped: boolean;
}

function setTimeout(run: () => unknown, milliseconds = 0): Timer {
	const timer = { stopped: false };
	void sleep(milliseconds).then(() => (timer.stopped ? undefined : run()));
	return timer;
}

function setInterval(run: () => unknown, milliseconds = 0): Timer {
	const timer = { stopped: false };
	const next = async (): Promise<void> => {
		await sleep(milliseconds);
		if (timer.stopped) return;
		run();
		await next();
	};
	void next();
	return timer;
}

function clearInterval(timer: Timer): void {
	timer.stopped = true;
}

export { clearInterval, setInterval, setTimeout };
