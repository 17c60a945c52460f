// Uses a running server through node-redis, in RESP2 and in RESP3. Usage: node_redis.mjs PORT PASSWORD
//
// The server wants PASSWORD; all of its data is deleted. The package redis is looked for where NODE_MODULES points. Prints
// how many tests passed and failed; the exit status says whether all passed.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(process.env.NODE_MODULES + '/');
const { createClient } = require('redis');
const version = require('redis/package.json').version;

const port = Number(process.argv[2]);
const password = process.argv[3];
const same = assert.deepEqual;
const range = (n) => [...Array(n).keys()];
const plain = (map) => Object.assign({}, map);
let RESP = 2;
const opened = [];

async function connect(options = {}) {
    const client = createClient({ socket: { host: '127.0.0.1', port }, password, RESP, ...options });
    client.on('error', () => {});
    await client.connect();
    opened.push(client);
    return client;
}

async function until(condition) {
    for (let i = 0; i < 1000; i++) {
        if (await condition()) return;
        await sleep(10);
    }
    assert.fail('it did not happen in ten seconds');
}

const tests = {
    async 'values of all types'(r) {
        same(await r.set('user:1', 'Ada Lovelace', { EX: 100 }), 'OK');
        same(await r.get('user:1'), 'Ada Lovelace');
        same(await r.mGet(['user:1', 'none']), ['Ada Lovelace', null]);
        same(await r.incrBy('n', 42), 42);
        same(await r.rPush('list', range(100).map(String)), 100);
        same(await r.lRange('list', -2, -1), ['98', '99']);
        same(await r.hSet('hash', { name: 'Grace', city: 'Zürich' }), 2);
        same(plain(await r.hGetAll('hash')), { name: 'Grace', city: 'Zürich' });
        same(await r.hExpire('hash', 'name', 100), [1]);
        same(await r.hTTL('hash', ['name', 'city', 'none']), [100, -1, -2]);
        same(await r.sAdd('set', ['a', 'b']), 2);
        same([...(await r.sMembers('set'))].sort(), ['a', 'b']);
        same(await r.zAdd('zset', [{ score: 1.5, value: 'm' }, { score: Infinity, value: 'n' }]), 2);
        same((await r.zRangeWithScores('zset', 0, -1)).map(plain), [{ value: 'm', score: 1.5 }, { value: 'n', score: Infinity }]);
        same(await r.zScore('zset', 'none'), null);
        same(await r.ttl('none'), -2);
        await assert.rejects(r.incr('list'), /WRONGTYPE/);
    },

    async scans(r) {
        await Promise.all(range(2000).map((i) => r.set(`item:${i}`, String(i))));
        const seen = new Set();
        for await (const part of r.scanIterator({ MATCH: 'item:*', COUNT: 200 })) [part].flat().forEach((key) => seen.add(key));
        same(seen.size, 2000);
    },

    async 'pipelines and transactions'(r) {
        const answers = await Promise.all(range(10000).map(() => r.incr('counter')));
        same(answers[9999], 10000);
        same(await r.multi().set('a', '1').incr('a').get('a').exec(), ['OK', 2, '2']);
        const other = await connect();
        await other.watch('a');
        await r.incr('a');
        await assert.rejects(other.multi().set('a', '0').exec(), /WATCH|watched/);
        same(await r.get('a'), '3');
    },

    async blocking(r) {
        const waiter = await connect();
        const answer = waiter.blPop(['x', 'y'], 10);
        await until(async () => (await r.info('clients')).includes('blocked_clients:1'));
        await r.rPush('y', 'job');
        same(plain(await answer), { key: 'y', element: 'job' });
        same(await waiter.blPop('none', 0.05), null);
    },

    async 'publish and subscribe'(r) {
        const subscriber = await connect();
        const got = [];
        await subscriber.subscribe('news', (message, channel) => got.push(['c', channel, message]));
        await subscriber.pSubscribe('n*', (message, channel) => got.push(['p', channel, message]));
        await subscriber.sSubscribe('orders', (message, channel) => got.push(['s', channel, message]));
        same(await r.publish('news', 'Zürich'), 2);
        same(await r.sPublish('orders', '1'), 1);
        await until(() => got.length === 3);
        same(got, [['c', 'news', 'Zürich'], ['p', 'news', 'Zürich'], ['s', 'orders', '1']]);
        await subscriber.unsubscribe();
        await subscriber.pUnsubscribe();
        await subscriber.sUnsubscribe();
        same(await r.publish('news', 'nobody'), 0);
    },

    async connection(r) {
        const named = await connect({ name: 'reports', database: 3 });
        same(await named.clientGetName(), 'reports');
        const info = (await r.clientList()).find((each) => each.name === 'reports');
        same([info.db, info.resp ?? RESP], [3, RESP]);
        await assert.rejects(connect({ password: 'wrong', socket: { host: '127.0.0.1', port, reconnectStrategy: false } }));
        const large = 'x'.repeat(1 << 20);
        await r.set('large', large);
        assert.ok((await r.get('large')) === large);
        same((await r.configGet('maxmemory')).maxmemory, '0');
    },
};

let passed = 0;
let failed = 0;
for (RESP of [2, 3]) {
    for (const [name, run] of Object.entries(tests)) {
        try {
            const r = await connect();
            await r.flushAll();
            await run(r);
            passed++;
        } catch (e) {
            failed++;
            console.log(`FAILED ${name}, RESP${RESP}\n`, e);
        }
        opened.splice(0).forEach((each) => each.destroy());
    }
}
console.log(`node-redis ${version}: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
