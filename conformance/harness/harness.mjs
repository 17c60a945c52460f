// What the programs for Node share. A program is called with URI, CLUSTER_URI and perhaps names of cases; it prints `version V`, then
// `NAME passed` or `NAME failed: why` for each case. Every case begins on an empty store.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export const [uri, clusterUri, ...wanted] = process.argv.slice(2);
export const { hostname: host, port: portText, password } = new URL(uri);
export const port = Number(portText);
export const require = createRequire(process.env.NODE_MODULES + '/');
export const same = assert.deepEqual;
const caseSeconds = 120;

export function versionOf(name) {
    return require(`${name}/package.json`).version;
}

export async function until(condition, seconds = 60) {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
        if (await condition()) return;
        await sleep(10);
    }
    assert.fail(`${condition} did not come true in ${seconds} s`);
}

// Sends one inline command on a connection of its own, without any client.
export function command(to, line) {
    const { hostname, port, password } = new URL(to);
    return new Promise((resolve, reject) => {
        const socket = net.connect(Number(port), hostname, () => {
            socket.write((password ? `AUTH ${password}\r\n` : '') + line + '\r\n');
        });
        let text = '';
        socket.on('data', (chunk) => {
            text += chunk;
            const lines = text.split('\r\n');
            if (lines.length > (password ? 2 : 1)) {
                socket.end();
                resolve(lines[password ? 1 : 0]);
            }
        });
        socket.on('error', reject);
    });
}

// The toolkit for Java in a process of its own: ask(request, ...words) sends a request of Companion.java.
export function toolkit() {
    const child = spawn(process.env.TOOLKIT.split(' ')[0], [...process.env.TOOLKIT.split(' ').slice(1), uri], {
        stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
        async ask(...words) {
            child.stdin.write(words.join('\t') + '\n');
            for (;;) {
                const { value, done } = await lines.next();
                if (done) return undefined;
                if (value.startsWith('= ')) return value.slice(2);
            }
        },
        close() {
            child.stdin.end();
        },
    };
}

export function figure(name, value) {
    console.log(`figure ${name}: ${value}`);
}

// The median and the 99th percentile.
export function percentiles(times) {
    times.sort((a, b) => a - b);
    return [times[times.length >> 1], times[Math.floor(times.length * 0.99)]];
}

// Runs the cases, each with a new client from connect(), and ends the program. cleanUp() runs after each.
export async function run(version, cases, connect = () => undefined, cleanUp = () => {}) {
    console.log(`version ${version}`);
    let failed = false;
    for (const [name, test] of Object.entries(cases)) {
        if (wanted.length && !wanted.includes(name)) continue;
        for (const to of [uri, clusterUri]) if (to) await command(to, 'FLUSHALL');
        const late = new AbortController();
        try {
            await Promise.race([
                (async () => test(await connect()))(),
                sleep(caseSeconds * 1000, undefined, { signal: late.signal }).then(() => assert.fail(`took longer than ${caseSeconds} s`)),
            ]);
            console.log(`${name} passed`);
        } catch (e) {
            failed = true;
            console.error(e);
            console.log(`${name} failed: ${String(e.message).replace(/\s+/g, ' ').slice(0, 300)}`);
        }
        late.abort();
        await cleanUp();
    }
    process.exit(failed ? 1 : 0);
}
