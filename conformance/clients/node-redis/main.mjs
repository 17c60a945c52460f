// Uses a store through node-redis, in RESP2 and in RESP3, as a program would.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterUri, password, port, require, run, same, until, versionOf } from '../../harness/harness.mjs';

const { createClient, createCluster } = require('redis');
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

    async 'cache aside and its invalidation'(r) {
        const heard = [];
        await (await connect()).subscribe('cache:invalidated', (name) => heard.push(name));
        const database = { theme: 'dark', language: 'de' };
        const settings = async () => {
            const cached = plain(await r.hGetAll('cache:db:settings'));
            if (Object.keys(cached).length) return cached;
            await r.multi().hSet('cache:db:settings', database).expire('cache:db:settings', 300).exec();
            return { ...database };
        };
        same(await settings(), database);
        same(await settings(), database);
        same(await r.ttl('cache:db:settings'), 300);
        database.theme = 'light';
        await r.del('cache:db:settings');
        same(await r.publish('cache:invalidated', 'settings'), 1);
        same((await settings()).theme, 'light');
        await until(() => heard.length === 1);
    },

    async 'stream tasks of which one fails'(r) {
        const [stream, group] = ['stream:tasks:email', 'workers'];
        await r.xGroupCreate(stream, group, '0', { MKSTREAM: true });
        await assert.rejects(r.xGroupCreate(stream, group, '0', { MKSTREAM: true }), /BUSYGROUP/);
        for (const n of range(10)) await r.xAdd(stream, '*', { type: 'welcome', payload: String(n) });
        const read = async () => (await r.xReadGroup(group, 'one', { key: stream, id: '>' }, { COUNT: 1, BLOCK: 20 }))?.[0].messages;
        const done = [];
        for (let messages; (messages = await read()); ) {
            for (const { id, message } of messages) {
                if (message.payload === '3') continue;
                done.push(Number(message.payload));
                same(await r.xAck(stream, group, id), 1);
            }
        }
        same(done, range(10).filter((n) => n !== 3));
        const claimed = await r.xAutoClaim(stream, group, 'two', 0, '0-0');
        same(claimed.messages.map(({ message }) => message.payload), ['3']);
        same(await r.xAck(stream, group, claimed.messages[0].id), 1);
        same((await r.xPending(stream, group)).pending, 0);
    },
};

const cases = {};
for (const resp of [2, 3]) {
    for (const [name, test] of Object.entries(tests)) {
        cases[`${name.replaceAll(' ', '_')}_resp${resp}`] = async () => {
            RESP = resp;
            await test(await connect());
        };
    }
    cases[`cluster_resp${resp}`] = async () => {
        const cluster = createCluster({ rootNodes: [{ url: clusterUri }], RESP: resp });
        await cluster.connect();
        opened.push(cluster);
        await Promise.all(range(500).map((i) => cluster.set(`key:${i}`, `${i}`)));
        same(await Promise.all(range(500).map((i) => cluster.get(`key:${i}`))), range(500).map(String));
        same(await cluster.multi().set('{tag}a', '1').incr('{tag}a').exec(), ['OK', 2]);
        const heard = [];
        await cluster.sSubscribe('channel', (text) => heard.push(text));
        await cluster.sPublish('channel', 'hello');
        await until(() => heard.length === 1);
    };
}
run(versionOf('redis'), cases, undefined, () => opened.splice(0).forEach((each) => each.destroy()));
