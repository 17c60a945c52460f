// Adds jobs to BullMQ in bulk, has 8 workers do them, eight at once each, and prints how many that were in a second.
// Usage: bullmq.mjs PORT JOBS; bullmq is looked for where NODE_MODULES points.

import { createRequire } from 'node:module';

const require = createRequire(process.env.NODE_MODULES + '/');
const { Queue, Worker } = require('bullmq');
const connection = { host: '127.0.0.1', port: Number(process.argv[2]) };
const jobs = Number(process.argv[3]);

const queue = new Queue('peers', { connection });
let done = 0;
let finish;
const finished = new Promise((resolve) => (finish = resolve));
const workers = [...Array(8)].map(
    () =>
        new Worker(
            'peers',
            async () => {
                if (++done === jobs) finish();
            },
            { connection, concurrency: 8, removeOnComplete: { count: 0 } },
        ),
);
await Promise.all(workers.map((worker) => worker.waitUntilReady()));
const begin = process.hrtime.bigint();
for (let from = 0; from < jobs; from += 500) {
    await queue.addBulk([...Array(500).keys()].map((i) => ({ name: 'count', data: from + i })));
}
await finished;
console.log(jobs / (Number(process.hrtime.bigint() - begin) / 1e9));
await Promise.all(workers.map((worker) => worker.close()));
await queue.close();
process.exit(0);
