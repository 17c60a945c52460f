// The cache and queue service: caches and their invalidation, priority queues, rate limits, events, rankings, locks, what an operator asks,
// backup and restore, and the toolkit for Java beside it.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figure, password, port, require, run, same, toolkit, until, uri, versionOf } from '../../harness/harness.mjs';

const Redis = require('ioredis');
const opened = [];

function connect(to = uri) {
    const client = new Redis(to);
    opened.push(client);
    return client;
}

const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
const TAKE_RELIABLY = `
    local message = redis.call('RPOPLPUSH', 'queue:high', 'queue:processing')
    if message then
        redis.call('EXPIRE', 'queue:processing', 300)
        return message
    end
    return nil`;

const cases = {
    async configuration(r) {
        const expected = {
            maxmemory: '268435456', 'maxmemory-policy': 'allkeys-lru', 'maxmemory-samples': '5', 'lazyfree-lazy-eviction': 'yes',
            appendonly: 'yes', appendfsync: 'everysec', 'no-appendfsync-on-rewrite': 'no', 'auto-aof-rewrite-percentage': '100',
            'auto-aof-rewrite-min-size': '67108864', save: '', 'tcp-backlog': '511', timeout: '0', 'tcp-keepalive': '300', 'io-threads': '4',
            'client-output-buffer-limit': 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
        };
        for (const [name, value] of Object.entries(expected)) same(await r.config('GET', name), [name, value]);
    },

    async caches(r) {
        await r.set('user:123', '{"id":123,"name":"John Doe"}', 'EX', 300);
        await r.set('users:page:1:20', '[]', 'EX', 300);
        await r.set('api:data:a1b2c3d4', '{"data":[]}', 'EX', 600);
        await r.set('session:abc123def456', '{"user_id":123}', 'EX', 3600);
        same(await Promise.all(['user:123', 'api:data:a1b2c3d4', 'session:abc123def456'].map((key) => r.ttl(key))), [300, 600, 3600]);
        same(JSON.parse(await r.get('user:123')).name, 'John Doe');
    },

    async invalidations(r) {
        await r.mset('cache:user:1', 'a', 'cache:user:2', 'b', 'cache:other', 'c');
        same(await r.expire('cache:other', 300), 1);
        const deleteAll = "return redis.call('del', unpack(redis.call('keys', ARGV[1])))";
        same(await r.eval(deleteAll, 0, 'cache:user:*'), 2);
        await assert.rejects(r.eval(deleteAll, 0, 'cache:user:*'), /Wrong number of args/);
        await r.sadd('cache:tags:users', 'api:users:list', 'api:users:detail:123');
        await r.mset('api:users:list', 1, 'api:users:detail:123', 1);
        for (const key of await r.smembers('cache:tags:users')) same(await r.del(key), 1);
        await r.del('cache:tags:users');
        const heard = [];
        const subscriber = connect();
        await subscriber.subscribe('cache:invalidate');
        subscriber.on('message', (_, text) => heard.push(JSON.parse(text)));
        same(await r.publish('cache:invalidate', JSON.stringify({ type: 'user', id: 123 })), 1);
        await until(() => heard.length === 1);
        same(heard, [{ type: 'user', id: 123 }]);
        same(await r.keys('*'), ['cache:other']);
    },

    async priorityQueues(r) {
        const queues = ['queue:high', 'queue:medium', 'queue:low'];
        for (const queue of [...queues].reverse()) await r.lpush(queue, JSON.stringify({ id: queue, timestamp: 1 }));
        same(await Promise.all(queues.map((queue) => r.llen(queue))), [1, 1, 1]);
        same(JSON.parse(await r.lindex('queue:high', -1)).timestamp, 1);
        for (const queue of queues) {
            const [from, message] = await r.blpop(...queues, 30);
            same(from, queue);
            await r.sadd('queue:processing:worker1', JSON.parse(message).id);
        }
        same(await r.scard('queue:processing:worker1'), 3);
        same(await r.srem('queue:processing:worker1', ...queues), 3);
        const waiting = connect().blpop(...queues, 30);
        await r.lpush('queue:low', 'late');
        same(await waiting, ['queue:low', 'late']);
        same(await r.blpop(...queues, 0.05), null);
        await r.lpush('queue:high', 'first', 'second');
        same(await r.eval(TAKE_RELIABLY, 0), 'first');
        same(await r.lrange('queue:processing', 0, -1), ['first']);
        same(await r.ttl('queue:processing'), 300);
    },

    async rateLimits(r) {
        const now = Date.now();
        for (let i = 0; i < 5; i++) await r.zadd('rate:api:client123:data', now - i * 30000, `request ${i}`);
        same(await r.zremrangebyscore('rate:api:client123:data', 0, now - 60000), 3);
        same(await r.zcard('rate:api:client123:data'), 2);
        same(await r.incr('limit:action:123:login'), 1);
        same(await r.expire('limit:action:123:login', 3600), 1);
    },

    async rankingsAndLocks(r) {
        for (let i = 0; i < 20; i++) await r.zincrby('ranking:active:users', i, `user:${i}`);
        same((await r.zrevrange('ranking:active:users', 0, 9, 'WITHSCORES')).slice(0, 2), ['user:19', '19']);
        same(await r.set('lock:database:migration', 'worker1', 'EX', 30, 'NX'), 'OK');
        same(await r.set('lock:database:migration', 'worker2', 'EX', 30, 'NX'), null);
        same(await r.eval(RELEASE, 1, 'lock:database:migration', 'worker2'), 0);
        same(await r.eval(RELEASE, 1, 'lock:database:migration', 'worker1'), 1);
    },

    async whatAnOperatorAsks(r) {
        for (const section of ['server', 'clients', 'memory', 'stats']) assert.ok((await r.info(section)).length > 100);
        const info = await r.info();
        const fields = 'connected_clients blocked_clients connected_slaves used_memory used_memory_rss mem_fragmentation_ratio used_memory_dataset'
            + ' total_commands_processed instantaneous_ops_per_sec keyspace_hits evicted_keys aof_last_rewrite_time_sec aof_rewrite_in_progress'
            + ' rdb_last_save_time';
        for (const field of fields.split(' ')) assert.match(info, new RegExp(`^${field}:`, 'm'));
        assert.ok((await r.call('MEMORY', 'DOCTOR')).length > 10);
        assert.ok(Array.isArray(await r.slowlog('GET', 10)));
        assert.match(await r.client('LIST'), /cmd=client/);
        same((await r.config('GET', 'maxclients'))[0], 'maxclients');
        const monitor = await r.monitor();
        opened.push(monitor);
        const seen = new Promise((resolve) => monitor.on('monitor', (_, words) => words[0].toLowerCase() === 'lpush' && resolve(words)));
        await r.lpush('queue:high', 'x');
        same((await seen).slice(1), ['queue:high', 'x']);
        same(await r.flushdb(), 'OK');
        same(await r.flushall(), 'OK');
    },

    async backupAndRestore(r) {
        const keys = [...Array(1000).keys()];
        await r.mset(...keys.flatMap((i) => [`user:${i}`, `value ${i}`]));
        await r.bgrewriteaof();
        await until(async () => /aof_rewrite_in_progress:0/.test(await r.info('persistence')) && /aof_rewrite_scheduled:0/.test(await r.info('persistence')));
        await r.bgsave();
        await until(async () => /rdb_bgsave_in_progress:0/.test(await r.info('persistence')));
        const folder = (await r.config('GET', 'dir'))[1];
        const restored = port + 40;
        for (const [files, options] of [[['appendonlydir'], ['--appendonly', 'yes']], [['dump.rdb'], []]]) {
            const copy = mkdtempSync(join(tmpdir(), 'restored-'));
            for (const file of files) cpSync(join(folder, file), join(copy, file), { recursive: true });
            const store = spawn(process.env.STORE, ['--port', restored, '--dir', copy, '--save', '', ...options], { stdio: 'ignore' });
            const again = connect(`redis://127.0.0.1:${restored}`);
            again.on('error', () => {});
            await until(async () => (await again.ping()) === 'PONG');
            same(await again.mget(keys.map((i) => `user:${i}`)), keys.map((i) => `value ${i}`));
            again.disconnect();
            store.kill();
            await new Promise((ended) => store.on('exit', ended));
            rmSync(copy, { recursive: true });
        }
    },

    async theToolkitBesideIt(r) {
        const java = toolkit();
        await r.lpush('queue:low', 'three');
        await r.lpush('queue:high', 'one', 'two');
        for (const message of ['one', 'two', 'three']) same(await java.ask('queue-take'), message);
        same(await java.ask('queue-put', 'medium', 'from Java'), 'ok');
        same(await r.brpop('queue:high', 'queue:medium', 'queue:low', 30), ['queue:medium', 'from Java']);
        same(await r.set('lock:report', 'worker1', 'EX', 30, 'NX'), 'OK');
        same(await java.ask('lock', 'report'), 'false');
        same(await r.eval(RELEASE, 1, 'lock:report', 'worker1'), 1);
        same(await java.ask('lock', 'report'), 'true');
        same(await r.set('lock:report', 'worker1', 'EX', 30, 'NX'), null);
        same(await java.ask('unlock', 'report'), 'ok');
        same(await r.set('lock:report', 'worker1', 'EX', 30, 'NX'), 'OK');
        for (let i = 0; i < 3; i++) await r.incr('limit:action:123:login');
        await r.expire('limit:action:123:login', 60);
        const decisions = [];
        for (let i = 0; i < 3; i++) decisions.push(await java.ask('limit', 'limit:action', '123:login', '5'));
        same(decisions, ['true', 'true', 'false']);
        await r.zincrby('ranking:active:users', 2, 'user:1');
        same(await java.ask('rank', 'active:users', 'user:1', '3'), '5.0');
        same(await r.zscore('ranking:active:users', 'user:1'), '5');
        java.close();
    },

    // The table of the document: 50 clients, one request at a time each.
    async performance() {
        const words = ['-p', port, '-a', password, '-t', 'get,set,lpush,zadd', '-n', 200000, '-r', 100000, '--csv', '-q'];
        let lines;
        for (const round of ['warm-up', 'measured']) lines = execFileSync('valkey-benchmark', words.map(String), { stdio: ['ignore', 'pipe', 'ignore'] });
        for (const line of String(lines).trim().split('\n').slice(1)) {
            const [test, rate, , , p50, , p99] = line.split(',').map((cell) => cell.replaceAll('"', ''));
            assert.ok(Number(rate) > 0);
            figure(`001 ${test.split(' ')[0]}, p50 / p99 / throughput`, `${p50} ms / ${p99} ms / ${Math.round(rate / 1000)} K/s`);
        }
    },
};

try {
    execFileSync('valkey-benchmark', ['--version']);
} catch {
    console.error('valkey-benchmark is not on the PATH: no performance');
    delete cases.performance;
}
run(`ioredis ${versionOf('ioredis')}`, cases, connect, () => opened.splice(0).forEach((each) => each.disconnect()));
