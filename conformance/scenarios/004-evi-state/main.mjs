// The state service: a cache over a database, rate limits, task queues on streams with workers in Node, Go and Java, eviction, and what a
// crash leaves.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { figure, percentiles, port, require, run, same, toolkit, until, uri, versionOf } from '../../harness/harness.mjs';

const Valkey = require('ioredis');
const CACHE_KEY = 'cache:db:settings';
const STREAM = 'stream:tasks:email';
const GROUP = 'workers';
const range = (n) => [...Array(n).keys()];
const opened = [];
const children = [];

function connect(to = uri) {
    const client = new Valkey(to);
    client.on('error', () => {});
    opened.push(client);
    return client;
}

function go(...words) {
    const child = spawn(process.env.GO_PROGRAM, [uri, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
}

async function kill(child) {
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await ended;
}

async function getSettings(valkey, load) {
    const cached = await valkey.hgetall(CACHE_KEY);
    if (Object.keys(cached).length) return cached;
    const map = await load();
    if (Object.keys(map).length) await valkey.multi().hset(CACHE_KEY, map).expire(CACHE_KEY, 300).exec();
    return map;
}

const add = (r, payload) => r.xadd(STREAM, '*', 'type', 'welcome', 'payload', payload);

const cases = {
    async settingsInNodeGoAndJava(r) {
        let loads = 0;
        const load = async () => (loads++, { theme: 'dark' });
        same(await getSettings(r, async () => ({})), {});
        same(await r.exists(CACHE_KEY), 0);
        for (let i = 0; i < 3; i++) same(await getSettings(r, load), { theme: 'dark' });
        same([loads, await r.ttl(CACHE_KEY)], [1, 300]);
        const lines = createInterface({ input: go('settings').stdout })[Symbol.asyncIterator]();
        same((await lines.next()).value, 'dark');
        const java = toolkit();
        same(await java.ask('settings'), '{theme=dark}');
        await r.del(CACHE_KEY);
        await r.publish('cache:invalidated', 'settings');
        same((await lines.next()).value, 'of the database');
        await until(async () => (await java.ask('settings')) === '{theme=of the database}');
        same(await java.ask('settings-put', 'theme', 'light'), 'ok');
        same((await lines.next()).value, 'light');
        same(await getSettings(r, load), { theme: 'light' });
        java.close();
    },

    async rateLimit(r) {
        const key = 'op:ratelimit:api:user:123';
        const allowed = async () => {
            const [[, count]] = await r.multi().incr(key).expire(key, 60, 'NX').exec();
            return count <= 3;
        };
        same([await allowed(), await allowed(), await allowed(), await allowed()], [true, true, true, false]);
        same(await r.ttl(key), 60);
        const java = toolkit();
        same(await java.ask('limit', 'op:ratelimit', 'api:user:123', '5'), 'true');
        same(await java.ask('limit', 'op:ratelimit', 'api:user:123', '5'), 'false');
        java.close();
    },

    async workersAreKilled(r) {
        const count = 2000;
        await r.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM');
        for (const n of range(count)) await add(r, n % 100 === 7 ? `fail ${n}` : `task ${n}`);
        const workers = range(3).map((n) => go('consume', `worker-${n}`));
        for (let kills = 0; kills < 3; kills++) {
            const before = await r.hlen('done');
            await until(async () => (await r.hlen('done')) >= Math.min(before + 200, count - 20));
            await kill(workers[kills]);
            workers[kills] = go('consume', `worker-${kills}-again`);
        }
        await until(async () => (await r.hlen('done')) >= count - 23 && (await r.xinfo('GROUPS', STREAM))[0][11] === 0);
        // What failed, and what the dead had in hand, is still pending: it is claimed and done here.
        for (let cursor = '0-0'; ; ) {
            const [next, claimed] = await r.xautoclaim(STREAM, GROUP, 'reclaimer', 0, cursor, 'COUNT', 100);
            for (const [id, fields] of claimed) {
                await r.hincrby('done', fields[3], 1);
                same(await r.xack(STREAM, GROUP, id), 1);
            }
            if ((cursor = next) === '0-0') break;
        }
        same((await r.xpending(STREAM, GROUP))[0], 0);
        same(await r.hlen('done'), count);
        same(await r.xtrim(STREAM, 'MAXLEN', '~', 1000) <= 1000, true);
    },

    async tasksBetweenNodeGoAndJava(r) {
        const java = toolkit();
        await r.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM');
        await add(r, 'from Node');
        same(await java.ask('task-consume'), 'ok');
        same(await java.ask('task-taken'), 'welcome from Node');
        await until(async () => (await r.xpending(STREAM, GROUP))[0] === 0);
        java.close();
        await until(async () => (await r.xinfo('CONSUMERS', STREAM, GROUP)).length <= 1);
        const another = toolkit();
        assert.match(await another.ask('task-add', 'welcome', 'from Java'), /^\d+-\d+$/);
        go('consume', 'go');
        await until(async () => (await r.hget('done', 'from Java')) === '1');
        await until(async () => (await r.xpending(STREAM, GROUP))[0] === 0);
        another.close();
    },

    // Under volatile-lru only what has a time to live goes.
    async evictionSparesStreams(r) {
        for (const n of range(500)) await add(r, `task ${n}`);
        const used = Number(/used_memory:(\d+)/.exec(await r.info('memory'))[1]);
        await r.config('SET', 'maxmemory', used + 8_000_000);
        for (const batch of range(100)) {
            const pipeline = r.pipeline();
            for (const n of range(200)) pipeline.set(`cache:db:user:${batch}:${n}`, 'x'.repeat(1000), 'EX', 300);
            for (const [error] of await pipeline.exec()) same(error, null);
        }
        const evicted = Number(/evicted_keys:(\d+)/.exec(await r.info('stats'))[1]);
        await r.config('SET', 'maxmemory', '1gb');
        assert.ok(evicted > 1000, `${evicted} evicted`);
        same(await r.xlen(STREAM), 500);
    },

    async recovery() {
        const folder = mkdtempSync(join(tmpdir(), 'state-'));
        const at = port + 40;
        const start = () => spawn(process.env.STORE, ['--port', at, '--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''], { stdio: 'ignore' });
        let store = start();
        let r = connect(`redis://127.0.0.1:${at}`);
        await until(async () => (await r.ping()) === 'PONG');
        await r.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM');
        for (const n of range(300)) await add(r, `task ${n}`);
        await r.xreadgroup('GROUP', GROUP, 'one', 'COUNT', 10, 'STREAMS', STREAM, '>');
        await r.multi().hset(CACHE_KEY, { theme: 'dark' }).expire(CACHE_KEY, 300).exec();
        r.disconnect();
        await kill(store);
        store = start();
        r = connect(`redis://127.0.0.1:${at}`);
        await until(async () => (await r.ping()) === 'PONG');
        same(await r.xlen(STREAM), 300);
        same((await r.xpending(STREAM, GROUP))[0], 10);
        same(await r.hgetall(CACHE_KEY), { theme: 'dark' });
        const rest = await r.xreadgroup('GROUP', GROUP, 'two', 'COUNT', 1000, 'STREAMS', STREAM, '>');
        same(rest[0][1].length, 290);
        await kill(store);
        rmSync(folder, { recursive: true });
    },

    async performance(r) {
        await getSettings(r, async () => Object.fromEntries(range(20).map((n) => [`setting ${n}`, 'x'.repeat(20)])));
        const times = [];
        for (const n of range(process.env.CLIENTS_SHORT ? 500 : 20000)) {
            const begin = performance.now();
            await r.hgetall(CACHE_KEY);
            times.push(performance.now() - begin);
        }
        const [p50, p99] = percentiles(times.slice(times.length >> 2));
        figure('004 HGETALL of 20 settings, p50 / p99', `${p50.toFixed(2)} ms / ${p99.toFixed(2)} ms`);
        const count = process.env.CLIENTS_SHORT ? 500 : 10000;
        for (const n of range(count)) await add(r, `task ${n}`);
        const begin = performance.now();
        for (const n of range(4)) go('consume', `worker-${n}`);
        await until(async () => (await r.hlen('done')) === count);
        figure('004 tasks by four workers in Go', `${(count / (performance.now() - begin)).toFixed(1)} K/s`);
    },
};

run(`ioredis ${versionOf('ioredis')}, go-redis 9.23.0`, cases, connect, async () => {
    for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await kill(child);
    opened.splice(0).forEach((each) => each.disconnect());
});
