// Bundles the console into the relay's resources, where the jar takes it from. The bundle is committed: run this after a change of
// anything in src/ or of the packages. BundleTest compares the digest that is written here with the sources.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = join(here, '../relay/src/main/resources/dev/holdfast/relay/console');

await build({
  entryPoints: [join(here, 'src/app.jsx'), join(here, 'src/app.css')],
  outdir: out,
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['es2022', 'chrome120', 'firefox121', 'safari17'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
});
cpSync(join(here, 'src/index.html'), join(out, 'index.html'));
cpSync(join(here, 'src/icon.svg'), join(out, 'icon.svg'));

/** SHA-256 of the names and contents of all sources, in the order of their names. */
const digest = createHash('sha256');
const sources = [...readdirSync(join(here, 'src')).map(name => 'src/' + name), 'package-lock.json', 'build.mjs'].sort();
for (const name of sources) {
  digest.update(name).update('\0').update(readFileSync(join(here, name))).update('\0');
}
writeFileSync(join(out, 'bundle.sha256'), digest.digest('hex') + '\n');

let sum = 0;
for (const name of ['index.html', 'app.js', 'app.css', 'icon.svg']) {
  const packed = gzipSync(readFileSync(join(out, name))).length;
  sum += packed;
  console.log(`${name.padEnd(12)} ${String(statSync(join(out, name)).size).padStart(8)} bytes, ${packed} compressed`);
}
console.log(`${sum} bytes compressed in all`);
