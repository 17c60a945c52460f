// Uses a store through ioredis, or iovalkey which has its names, as a program would, and a cluster through its Cluster.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterUri, password, port, require, run, same, until, versionOf } from '../../harness/harness.mjs';

const library = process.env.IOREDIS ?? 'ioredis';
const Redis = require(library);
const opened = [];

function connect(options = {}) {
    const client = new Redis({ host: '127.0.0.1', port, password, connectTimeout: 20000, ...options });
    client.on('error', () => {});
    opened.push(client);
    return client;
}

const range = (n) => [...Array(n).keys()];
const cities = { Zürich: 434335, København: 1366301, 東京: 13960000, Łódź: 645693, القاهرة: 10107125 };

const tests = {
    async strings(r) {
        same(await r.set('user:1:name', 'Ada Lovelace', 'EX', 100), 'OK');
        same(await r.get('user:1:name'), 'Ada Lovelace');
        same(await r.get('none'), null);
        same(await r.set('user:1:name', 'x', 'NX'), null);
        same(await r.mset(new Map([['a', '1'], ['b', '2']])), 'OK');
        same(await r.mget('a', 'none', 'b'), ['1', null, '2']);
        same(await r.incrby('a', 41), 42);
        same(await r.incrbyfloat('price', '19.95'), '19.95');
        same(await r.append('a', 'x'), 3);
        same(await r.getrange('a', 0, 1), '42');
        same(await r.getdel('a'), '42x');
        same(await r.getex('b', 'PX', 50000), '2');
        same(await r.strlen('user:1:name'), 12);
        same(await r.lcs('b', 'price'), '');
        await assert.rejects(r.incr('user:1:name'), /not an integer/);
    },

    async lists(r) {
        same(await r.rpush('queue', ...range(500).map((i) => `job-${i}`)), 500);
        same(await r.lrange('queue', -2, -1), ['job-498', 'job-499']);
        same(await r.lpop('queue', 2), ['job-0', 'job-1']);
        same(await r.rpop('queue'), 'job-499');
        same(await r.lmove('queue', 'done', 'LEFT', 'RIGHT'), 'job-2');
        same(await r.lpos('queue', 'job-5'), 2);
        same(await r.linsert('queue', 'AFTER', 'job-5', 'extra'), 497);
        same(await r.lrem('queue', 0, 'extra'), 1);
        same(await r.ltrim('queue', 0, 1), 'OK');
        same(await r.lrange('queue', 0, -1), ['job-3', 'job-4']);
        same(await r.lmpop(2, 'none', 'queue', 'RIGHT', 'COUNT', 5), ['queue', ['job-4', 'job-3']]);
        await assert.rejects(r.get('done'), /WRONGTYPE/);
    },

    async hashes(r) {
        same(await r.hset('cities', cities), 5);
        const all = await r.hgetall('cities');
        same(all, Object.fromEntries(Object.entries(cities).map(([k, v]) => [k, String(v)])));
        same(await r.hmget('cities', '東京', 'none'), ['13960000', null]);
        same(await r.hincrby('cities', 'Zürich', 1), 434336);
        same(await r.hdel('cities', 'Zürich', 'none'), 1);
        const big = Object.fromEntries(range(3000).map((i) => [`f${i}`, String(i)]));
        same(await r.hset('big', big), 3000);
        const seen = {};
        for await (const part of r.hscanStream('big', { count: 300 })) {
            for (let i = 0; i < part.length; i += 2) seen[part[i]] = part[i + 1];
        }
        same(seen, big);
    },

    async 'fields that expire'(r) {
        await r.hset('session', { token: 'abc', csrf: 'def' });
        same(await r.call('HEXPIRE', 'session', 100, 'FIELDS', 2, 'token', 'none'), [1, -2]);
        same(await r.call('HTTL', 'session', 'FIELDS', 2, 'token', 'csrf'), [100, -1]);
        same(await r.call('HPEXPIRE', 'session', 20, 'FIELDS', 1, 'csrf'), [1]);
        await until(async () => (await r.hlen('session')) === 1 || (await r.hexists('session', 'csrf')) === 0);
        same(await r.hgetall('session'), { token: 'abc' });
        same(await r.call('HSETEX', 'session', 'KEEPTTL', 'FIELDS', 1, 'token', 'x'), 1);
        same(await r.call('HPERSIST', 'session', 'FIELDS', 1, 'token'), [1]);
    },

    async sets(r) {
        same(await r.sadd('java', 'jvm', 'typed', 'fast'), 3);
        same(await r.sadd('c', 'fast', 'typed', 'small'), 3);
        same((await r.sinter('java', 'c')).sort(), ['fast', 'typed']);
        same((await r.sdiff('java', 'c')).sort(), ['jvm']);
        same(await r.sunionstore('both', 'java', 'c'), 4);
        same(await r.smismember('both', 'jvm', 'none'), [1, 0]);
        same(await r.sadd('ids', ...range(5000)), 5000);
        const seen = new Set();
        for await (const part of r.sscanStream('ids', { count: 500 })) part.forEach((id) => seen.add(Number(id)));
        same(seen, new Set(range(5000)));
        same((await r.spop('ids', 10)).length, 10);
        same(await r.scard('ids'), 4990);
    },

    async 'sorted sets'(r) {
        same(await r.zadd('people', ...Object.entries(cities).flatMap(([k, v]) => [v, k])), 5);
        same(await r.zrange('people', 0, 0, 'WITHSCORES'), ['Zürich', '434335']);
        same(await r.zrange('people', '+inf', '10000000', 'BYSCORE', 'REV'), ['東京', 'القاهرة']);
        same(await r.zscore('people', 'Łódź'), '645693');
        same(await r.zincrby('people', 0.5, 'Łódź'), '645693.5');
        same(await r.zrank('people', 'Łódź'), 1);
        same(await r.zpopmax('people'), ['東京', '13960000']);
        same(await r.zadd('other', 1, 'Zürich'), 1);
        same(await r.zunion(2, 'people', 'other', 'WEIGHTS', 0, 2, 'WITHSCORES'),
            ['København', '0', 'Łódź', '0', 'القاهرة', '0', 'Zürich', '2']);
        same(await r.zinterstore('both', 2, 'people', 'other'), 1);
        same(await r.zrangebyscore('people', '-inf', '(645693.5'), ['Zürich']);
        const board = range(2000).flatMap((i) => [i / 4, `p${i}`]);
        same(await r.zadd('board', ...board), 2000);
        const seen = new Map();
        for await (const part of r.zscanStream('board', { count: 200 })) {
            for (let i = 0; i < part.length; i += 2) seen.set(part[i], Number(part[i + 1]));
        }
        same(seen.size, 2000);
        same(seen.get('p1999'), 499.75);
    },

    async expiry(r) {
        await r.set('short', '1', 'PX', 20);
        await r.set('long', '1');
        same(await r.expire('long', 100), 1);
        assert.ok((await r.pttl('long')) > 90000);
        same(await r.persist('long'), 1);
        same(await r.ttl('long'), -1);
        await until(async () => (await r.exists('short')) === 0);
        same(await r.ttl('short'), -2);
    },

    async 'keys and scans'(r) {
        await Promise.all(range(3000).map((i) => r.set(`item:${i}`, i)));
        const seen = new Set();
        for await (const part of r.scanStream({ match: 'item:*', count: 300 })) part.forEach((key) => seen.add(key));
        same(seen.size, 3000);
        same((await r.keys('item:99?')).length, 10);
        same(await r.rename('item:1', 'moved'), 'OK');
        same(await r.copy('moved', 'copied'), 1);
        same(await r.unlink('moved', 'copied'), 2);
        same(await r.type('item:2'), 'string');
        same(await r.object('ENCODING', 'item:2'), 'int');
        same(await r.dbsize(), 2999);
    },

    async 'binary and large values'(r) {
        const key = Buffer.from(range(256));
        const value = Buffer.from('\r\n$-1\r\n\0\xff', 'latin1');
        await r.set(key, value);
        same(await r.getBuffer(key), value);
        same(await r.keysBuffer('*'), [key]);
        const large = Buffer.alloc(1 << 20, 'abcdefghijk\r\n');
        await r.set('large', large);
        assert.ok(large.equals(await r.getBuffer('large')));
        await r.rpush('list', large, large);
        assert.ok((await r.lrangeBuffer('list', 0, -1)).every((each) => large.equals(each)));
    },

    async pipelines(r) {
        const pipeline = r.pipeline();
        range(5000).forEach((i) => pipeline.set(`k${i}`, `value-${i}`).get(`k${i}`));
        const answers = await pipeline.exec();
        same(answers.length, 10000);
        assert.ok(range(5000).every((i) => answers[2 * i + 1][1] === `value-${i}`));
        const [[, ok], [error]] = await r.pipeline().set('text', 'x').incr('text').exec();
        same(ok, 'OK');
        assert.match(error.message, /not an integer/);
        const automatic = connect({ enableAutoPipelining: true });
        same(await Promise.all(range(1000).map(() => automatic.incr('counter'))), range(1000).map((i) => i + 1));
    },

    async transactions(r) {
        same(await r.multi().incr('n').rpush('log', 'a', 'b').lrange('log', 0, -1).exec(),
            [[null, 1], [null, 2], [null, ['a', 'b']]]);
        const other = connect();
        await r.watch('n');
        await other.incr('n');
        same(await r.multi().set('n', 100).exec(), null);
        same(await r.get('n'), '2');
        await assert.rejects(r.multi().set('x', 1).call('NOSUCH').exec(), /EXECABORT/);
        same(await r.exists('x'), 0);
    },

    async blocking(r) {
        const waiter = connect();
        const waits = async () => (await r.info('clients')).includes('blocked_clients:1');
        for (const [wait, feed, expected] of [
            [() => waiter.blpop('a', 'b', 10), () => r.rpush('b', '1'), ['b', '1']],
            [() => waiter.brpop('a', 10), () => r.rpush('a', '1'), ['a', '1']],
            [() => waiter.blmove('s', 't', 'LEFT', 'RIGHT', 10), () => r.rpush('s', 'job'), 'job'],
            [() => waiter.bzpopmin('z', 10), () => r.zadd('z', 1, 'm'), ['z', 'm', '1']],
            [() => waiter.bzpopmax('z', 10), () => r.zadd('z', 1, 'm'), ['z', 'm', '1']],
            [() => waiter.blmpop(10, 1, 'l', 'LEFT', 'COUNT', 2), () => r.rpush('l', 'x', 'y'), ['l', ['x', 'y']]],
        ]) {
            const answer = wait();
            await until(waits);
            await feed();
            same(await answer, expected);
        }
        same(await waiter.blpop('none', 0.05), null);
        const id = await waiter.client('ID');
        const answer = assert.rejects(waiter.blpop('none', 0), /UNBLOCKED/);
        await until(waits);
        same(await r.client('UNBLOCK', id, 'ERROR'), 1);
        await answer;
    },

    async 'publish and subscribe'(r) {
        const subscriber = connect();
        const got = [];
        subscriber.on('message', (channel, message) => got.push(['message', channel, message]));
        subscriber.on('pmessage', (pattern, channel, message) => got.push(['pmessage', pattern, channel, message]));
        subscriber.on('smessage', (channel, message) => got.push(['smessage', channel, message]));
        same(await subscriber.subscribe('news', 'weather'), 2);
        same(await subscriber.psubscribe('n*'), 3);
        same(await subscriber.ssubscribe('orders'), 1);
        same(await r.publish('news', 'Zürich: snow'), 2);
        same(await r.spublish('orders', '1'), 1);
        await until(() => got.length === 3);
        same(got, [['message', 'news', 'Zürich: snow'], ['pmessage', 'n*', 'news', 'Zürich: snow'],
            ['smessage', 'orders', '1']]);
        same(await r.pubsub('NUMSUB', 'news'), ['news', 1]);
        got.length = 0;
        await Promise.all(range(1000).map((i) => r.publish('weather', i)));
        await until(() => got.length === 1000);
        same(got.map((each) => each[2]), range(1000).map(String));
        same(await subscriber.unsubscribe('news', 'weather'), 1);
        same(await subscriber.punsubscribe('n*'), 0);
        same(await subscriber.sunsubscribe('orders'), 0);
        same(await subscriber.ping(), 'PONG');
        same(await subscriber.get('none'), null);
    },

    async connection(r) {
        const wrong = connect({ password: 'wrong', retryStrategy: null });
        await assert.rejects(wrong.ping());
        const named = connect({ connectionName: 'reports', db: 5 });
        same(await named.client('GETNAME'), 'reports');
        const line = (await r.client('LIST')).split('\n').find((each) => each.includes('name=reports'));
        assert.match(line, / db=5 /);
        if (library === 'ioredis') assert.match(line, /lib-name=ioredis/);
        await named.set('here', 1);
        same(await r.exists('here'), 0);
        await named.flushdb();
        const id = await named.client('ID');
        same(await r.client('KILL', 'ID', id), 1);
        await until(async () => (await named.client('ID')) !== id);
        same(await named.client('GETNAME'), 'reports');
        assert.match(await r.info(), /role:master/);
        same(await r.config('GET', 'maxmemory'), ['maxmemory', '0']);
        await assert.rejects(r.call('NOSUCH'), /unknown command/);
        const hello = await r.call('HELLO', '2');
        same(hello[hello.indexOf('proto') + 1], 2);
    },

    async cacheAsideAndItsInvalidation(r) {
        const heard = [];
        const subscriber = connect();
        await subscriber.subscribe('cache:invalidated');
        subscriber.on('message', (_, name) => heard.push(name));
        const database = { theme: 'dark', language: 'de' };
        const settings = async () => {
            const cached = await r.hgetall('cache:db:settings');
            if (Object.keys(cached).length) return cached;
            await r.multi().hset('cache:db:settings', database).expire('cache:db:settings', 300).exec();
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

    async streamTasksOfWhichOneFails(r) {
        const [stream, group] = ['stream:tasks:email', 'workers'];
        await r.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
        await assert.rejects(r.xgroup('CREATE', stream, group, '0', 'MKSTREAM'), /BUSYGROUP/);
        for (const n of range(10)) await r.xadd(stream, '*', 'type', 'welcome', 'payload', n);
        const done = [];
        const read = () => r.xreadgroup('GROUP', group, 'one', 'COUNT', 1, 'BLOCK', 20, 'STREAMS', stream, '>');
        for (let result; (result = await read())?.length; ) {
            for (const [id, fields] of result[0][1]) {
                if (fields[3] === '3') continue;
                done.push(Number(fields[3]));
                same(await r.xack(stream, group, id), 1);
            }
        }
        same(done, range(10).filter((n) => n !== 3));
        const [, claimed] = await r.xautoclaim(stream, group, 'two', 0, '0-0');
        same(claimed.map(([, fields]) => fields[3]), ['3']);
        same(await r.xack(stream, group, claimed[0][0]), 1);
        same((await r.xpending(stream, group))[0], 0);
    },
};

function connectCluster(options = {}) {
    const cluster = new Redis.Cluster([clusterUri], options);
    cluster.on('error', () => {});
    opened.push(cluster);
    return cluster;
}

const clusterTests = {
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
        const subscriber = connectCluster({ shardedSubscribers: true });
        await new Promise((ready) => subscriber.on('ready', ready));
        const message = new Promise((heard) => subscriber.on('smessage', (channel, text) => heard([channel, text])));
        await subscriber.ssubscribe('channel');
        await cluster.spublish('channel', 'hello');
        same(await message, ['channel', 'hello']);
    },
};


for (const [name, test] of Object.entries(clusterTests)) tests[`cluster_${name}`] = () => test(connectCluster());
run(versionOf(library), tests, connect, () => opened.splice(0).forEach((each) => each.disconnect()));
