// Uses a server in cluster mode through ioredis' Cluster. Usage: clusters.mjs PORT
//
// All of the server's data is deleted. ioredis is looked for where NODE_MODULES points. Prints how many tests passed and
// failed; the exit status says whether all passed.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(process.env.NODE_MODULES + '/');
const Redis = require('ioredis');
const version = require('ioredis/package.json').version;

const port = Number(process.argv[2]);
const same = assert.deepEqual;
const opened = [];

function connect(options = {}) {
    const cluster = new Redis.Cluster([{ host: '127.0.0.1', port }], options);
    cluster.on('error', () => {});
    opened.push(cluster);
    return cluster;
}

const tests = {
    async spreadsKeys(cluster) {
        const keys = [...Array(500).keys()].map((i) => `key:${i}`);
        await Promise.all(keys.map((key, i) => cluster.set(key, i)));
        same(await Promise.all(keys.map((key) => cluster.get(key))), [...Array(500).keys()].map(String));
        same(cluster.nodes('master').length, 1);
    },
    async pipelinesWithinASlot(cluster) {
        const pipeline = cluster.pipeline();
        for (let i = 0; i < 100; i++) pipeline.incr('{tag}n');
        same((await pipeline.exec()).map(([, value]) => value), [...Array(100).keys()].map((i) => i + 1));
    },
    async refusesSeveralSlots(cluster) {
        await assert.rejects(cluster.mget('a', 'b'), /CROSSSLOT/);
    },
    async runsTransactions(cluster) {
        same(await cluster.multi().set('{tag}a', 1).incr('{tag}a').exec(), [[null, 'OK'], [null, 2]]);
    },
    async hearsShardedMessages(cluster) {
        const subscriber = connect({ shardedSubscribers: true });
        await new Promise((ready) => subscriber.on('ready', ready));
        const message = new Promise((heard) => subscriber.on('smessage', (channel, text) => heard([channel, text])));
        await subscriber.ssubscribe('channel');
        await cluster.spublish('channel', 'hello');
        same(await message, ['channel', 'hello']);
    },
};

let passed = 0;
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
    const cluster = connect();
    try {
        await cluster.flushall();
        await test(cluster);
        passed++;
    } catch (e) {
        failed++;
        console.log(`FAILED ${name}\n${e.stack}`);
    }
}
opened.forEach((cluster) => cluster.disconnect());
console.log(`ioredis ${version}, Cluster: ${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
