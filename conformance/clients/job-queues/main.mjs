// Sends 10,000 jobs through 8 workers of each job queue library, and counts what was lost or done twice. All of them live on Lua
// scripts, lists, sorted sets, hashes, streams and pub/sub. Every tenth job fails the first time and must be tried again; some
// wait, some have a priority where the library knows one.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { password, port, require, run, until, versionOf } from '../../harness/harness.mjs';

const jobs = process.env.CLIENTS_SHORT ? 1000 : 10000;
const workers = 8;
const atOnce = 8;

const numbers = [...Array(jobs).keys()];
const failsAtFirst = (number) => number % 10 === 3;
const connection = { host: '127.0.0.1', port, password };

/** How often each job was begun and how often it was done. */
class Tally {
    begun = new Uint8Array(jobs);
    done = new Uint8Array(jobs);
    finished = 0;

    /** A worker's task. */
    async work({ number, text }) {
        assert.equal(text, `job ${number}`);
        this.begun[number]++;
        if (failsAtFirst(number) && this.begun[number] === 1) {
            throw new Error('not at the first try');
        }
        this.done[number]++;
        this.finished++;
        return number * 2;
    }

    async complete() {
        for (let last = -1, idle = 0; this.finished < jobs && idle < 300; idle = this.finished === last ? idle + 1 : 0) {
            last = this.finished;
            await sleep(100);
        }
    }

    check() {
        const lost = numbers.filter((number) => this.done[number] === 0);
        const doubled = numbers.filter((number) => this.done[number] > 1 || this.begun[number] > (failsAtFirst(number) ? 2 : 1));
        assert.deepEqual({ lost: lost.slice(0, 10), doubled: doubled.slice(0, 10) }, { lost: [], doubled: [] });
    }
}

const libraries = {
    async bullmq() {
        const { Queue, Worker, QueueEvents, FlowProducer } = require('bullmq');
        const tally = new Tally();
        const queue = new Queue('work', { connection });
        const events = new QueueEvents('work', { connection });
        let announced = 0;
        events.on('completed', () => announced++);
        await events.waitUntilReady();
        const team = [...Array(workers)].map(
            () => new Worker('work', (job) => tally.work(job.data), { connection, concurrency: atOnce }),
        );
        await Promise.all(team.map((worker) => worker.waitUntilReady()));
        for (let from = 0; from < jobs; from += 1000) {
            await queue.addBulk(
                numbers.slice(from, from + 1000).map((number) => ({
                    name: 'a job',
                    data: { number, text: `job ${number}` },
                    opts: {
                        attempts: 3,
                        backoff: { type: 'exponential', delay: 20 },
                        ...(number % 7 === 0 ? { delay: 100 + (number % 500) } : {}),
                        ...(number % 7 === 1 ? { priority: 1 + (number % 5) } : {}),
                    },
                })),
            );
        }
        await tally.complete();
        tally.check();
        await until(async () => (await queue.getJobCounts('completed')).completed === jobs);
        const { completed, ...rest } = await queue.getJobCounts();
        assert.deepEqual(Object.values(rest).filter((count) => count !== 0), [], JSON.stringify(rest));
        await until(() => announced === jobs);

        const same = await Promise.all([1, 2, 3].map(() => queue.add('once', { number: 0, text: 'job 0' }, { jobId: 'only' })));
        assert.deepEqual(same.map((job) => job.id), ['only', 'only', 'only']);
        await until(async () => (await queue.getJob('only')).isCompleted());
        assert.equal((await queue.getJob('only')).returnvalue, 0);

        await queue.pause();
        await queue.add('paused', { number: 1, text: 'job 1' });
        assert.equal(await queue.isPaused(), true);
        await queue.resume();
        await until(async () => (await queue.getJobCounts('completed')).completed === jobs + 2);

        const flow = new FlowProducer({ connection });
        const tree = await flow.add({
            name: 'parent',
            queueName: 'work',
            data: { number: 2, text: 'job 2' },
            children: [1, 2, 3].map((child) => ({ name: 'child', queueName: 'work', data: { number: child + 4, text: `job ${child + 4}` } })),
        });
        await until(() => tree.job.isCompleted());
        assert.equal(Object.keys(await tree.job.getChildrenValues()).length, 3);
        await Promise.all([...team, flow, events].map((each) => each.close()));
        await queue.obliterate({ force: true });
        await queue.close();
    },

    async bull() {
        const Bull = require('bull');
        const tally = new Tally();
        const open = () => new Bull('work', { redis: connection });
        const team = [...Array(workers)].map(open);
        for (const worker of team) worker.process(atOnce, (job) => tally.work(job.data));
        const queue = open();
        for (let from = 0; from < jobs; from += 1000) {
            await queue.addBulk(
                numbers.slice(from, from + 1000).map((number) => ({
                    data: { number, text: `job ${number}` },
                    opts: { attempts: 3, backoff: 20, ...(number % 7 === 0 ? { delay: 100 } : {}) },
                })),
            );
        }
        await tally.complete();
        tally.check();
        await until(async () => (await queue.getJobCounts()).completed === jobs);
        await Promise.all([queue, ...team].map((each) => each.close()));
    },

    async 'bee-queue'() {
        const Bee = require('bee-queue');
        const tally = new Tally();
        const settings = { redis: connection, activateDelayedJobs: true, getEvents: false };
        const team = [...Array(workers)].map(() => new Bee('work', settings));
        for (const worker of team) worker.process(atOnce, (job) => tally.work(job.data));
        const queue = new Bee('work', { ...settings, isWorker: false });
        for (let from = 0; from < jobs; from += 1000) {
            const failed = await queue.saveAll(
                numbers.slice(from, from + 1000).map((number) =>
                    queue.createJob({ number, text: `job ${number}` }).retries(2).backoff('fixed', 20),
                ),
            );
            assert.equal(failed.size, 0);
        }
        await tally.complete();
        tally.check();
        await until(async () => {
            const health = await queue.checkHealth();
            return health.waiting === 0 && health.active === 0 && health.delayed === 0 && health.succeeded === jobs;
        });
        await Promise.all([queue, ...team].map((each) => each.close(5000)));
    },
};

const versions = ['bullmq', 'bull', 'bee-queue'].map((name) => `${name} ${versionOf(name)}`);
run(versions.join(', '), libraries);
