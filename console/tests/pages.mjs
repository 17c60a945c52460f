// Every page of the console in a browser: node tests/pages.mjs URL FOLDER
// The store is empty but for the accounts; the steps fill it through the console's own requests.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { open } from './browser.mjs';

const [url, folder] = process.argv.slice(2);
const password = process.env.CONSOLE_PASSWORD;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let failed = 0;

async function step(name, action) {
  try {
    await action();
    console.log('passed  ' + name);
  } catch (error) {
    failed++;
    console.log('FAILED  ' + name + '\n        ' + String(error.message).split('\n').slice(0, 12).join('\n        '));
  }
}

/** Problems that axe calls serious or critical. The library is evaluated by the debugger, which the page's policy does not bind. */
async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
  const serious = violations.filter(v => v.impact === 'serious' || v.impact === 'critical');
  assert.deepEqual(serious.map(v => name + ': ' + v.id + ' ' + v.nodes.map(n => n.target + ' ' + n.failureSummary).join('; ').slice(0, 600)), []);
}

async function logIn(page, name, secret) {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Log in' }).click();
}

const { browser, context, page, problems } = await open(url);
const put = (key, body) => page.evaluate(async ([key, body]) => {
  const answer = await fetch('console/api/key?' + new URLSearchParams({ key }), {
    method: 'PUT', headers: { 'x-holdfast-console': '1', 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (answer.status !== 204) {
    throw new Error(await answer.text());
  }
}, [key, body]);

await step('a wrong password is refused, and says so', async () => {
  await page.getByRole('heading', { name: 'Holdfast console' }).waitFor();
  await accessible(page, 'login');
  await logIn(page, 'admin', 'wrong password');
  await page.getByRole('alert').getByText('Incorrect username or password').waitFor();
});

await step('logging in shows live figures', async () => {
  await logIn(page, 'admin', password);
  await page.getByRole('heading', { name: 'Overview', exact: true }).waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await page.getByRole('img', { name: /^Commands per second in the last minutes; now commands \d/ }).waitFor();
});

await step('the store is filled through the console', async () => {
  for (let i = 0; i < 40; i++) {
    await put(`user:${i}:profile`, { type: 'hash', field: 'name', value: 'User ' + i });
    await put(`session:${i}`, { type: 'string', value: JSON.stringify({ user: i, roles: ['read'] }) });
  }
  for (let i = 0; i < 150; i++) {
    await put('queue', { type: 'list', value: 'message ' + i });
  }
  await put('board', { type: 'zset', value: 'anna', score: '12.5' });
  await put('tags', { type: 'set', value: 'blue' });
  await put('events', { type: 'stream', fields: { kind: 'order', total: '12' } });
});

await step('the tree counts every key', async () => {
  await page.goto(url + '#/keys');
  await page.getByRole('button', { name: 'Count all keys' }).click();
  await page.getByRole('button', { name: 'Count again' }).waitFor();
  const user = page.getByRole('listitem').filter({ hasText: 'session:' });
  await user.getByText('40', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Open user:' }).click();
  await page.getByRole('button', { name: '39:', exact: true }).waitFor();
});

await step('a search is in the address and survives a reload', async () => {
  await page.getByLabel('Pattern').fill('session:1*');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('heading', { name: '11 keys' }).waitFor();
  assert.match(page.url(), /pattern=session%3A1\*/);
  await page.reload();
  await page.getByRole('heading', { name: '11 keys' }).waitFor();
  await accessible(page, 'keys');
});

await step('a string is shown as JSON and edited', async () => {
  await page.getByRole('button', { name: 'session:1', exact: true }).click();
  await page.getByText('"roles": [').waitFor();
  await page.getByRole('button', { name: 'Edit…' }).click();
  await page.getByLabel('Value', { exact: true }).fill('{"user":1,"roles":["admin"]}');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('"admin"').waitFor();
});

await step('a long list comes in pieces', async () => {
  await page.goto(url + '#/keys?pattern=queue&key=queue');
  await page.getByText('150 elements').waitFor();
  assert.equal(await page.getByText('message 120').count(), 0);
  await page.getByRole('button', { name: 'Load more' }).click();
  await page.getByText('message 149').waitFor();
  await accessible(page, 'list');
});

for (const [key, text] of [['board', '12.5'], ['tags', 'blue'], ['events', 'order'], ['user:7:profile', 'User 7']]) {
  await step('the value of ' + key + ' is shown', async () => {
    await page.goto(url + '#/keys?' + new URLSearchParams({ pattern: key, key }));
    await page.getByRole('region', { name: 'Elements' }).getByText(text).first().waitFor();
  });
}

await step('a field is added, a time to live set, a key deleted', async () => {
  await page.getByRole('button', { name: 'Add…' }).click();
  await page.getByLabel('Field').fill('plan');
  await page.getByLabel('Value', { exact: true }).fill('team');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('2 elements').waitFor();
  await page.getByRole('button', { name: 'Time to live…' }).click();
  await page.getByLabel(/^Seconds/).fill('500');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText(/expires in 8 min/).waitFor();
  await page.getByRole('button', { name: 'Delete…', exact: true }).click();
  await accessible(page, 'dialog');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('No key matches.').waitFor();
});

await step('a key is made', async () => {
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name').fill('made:here');
  await page.getByLabel('Value', { exact: true }).fill('1');
  await page.getByRole('button', { name: 'Make' }).click();
  await page.getByRole('region', { name: 'The key made:here' }).waitFor();
});

await step('all that match are deleted once the pattern is typed', async () => {
  await page.goto(url + '#/keys?pattern=session%3A*');
  await page.getByRole('heading', { name: '40 keys' }).waitFor();
  await page.getByRole('button', { name: 'Delete all that match…' }).click();
  const button = page.getByRole('button', { name: 'Delete 40 keys' });
  await button.waitFor();
  assert.equal(await button.isDisabled(), true);
  await page.getByLabel('Type the pattern to confirm').fill('session:*');
  await button.click();
  await page.getByText('No key matches.').waitFor();
});

await step('a result is saved as CSV', async () => {
  await page.goto(url + '#/keys?pattern=user%3A1%3A*');
  await page.getByRole('heading', { name: '1 keys' }).waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).first().click()]);
  assert.match(readFileSync(await download.path(), 'utf8'), /^key,type,bytes,expires_at\r\nuser:1:profile,hash,/);
});

await step('text in a key is text, not a page', async () => {
  await put('<img src=x onerror=alert(1)>', { type: 'string', value: '<script>document.title = "taken"</script>' });
  await page.goto(url + '#/keys?' + new URLSearchParams({ key: '<img src=x onerror=alert(1)>' }));
  await page.getByText('document.title = "taken"').waitFor();
  assert.notEqual(await page.title(), 'taken');
});

await step('everything is reached by the keyboard', async () => {
  await page.goto(url + '#/keys?pattern=board');
  await page.getByRole('heading', { name: '1 keys' }).waitFor();
  await page.getByRole('button', { name: 'board' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'The key board' }).waitFor();
  await page.getByRole('button', { name: 'Delete…', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

for (const [theme, width] of [['light', 1280], ['dark', 1280], ['light', 390], ['dark', 390]]) {
  await step(`pictures in ${theme}, ${width} wide, without serious findings of axe and without scrolling sideways`, async () => {
    await page.setViewportSize({ width, height: 900 });
    await page.evaluate(chosen => localStorage.setItem('theme', chosen), theme);
    for (const [name, hash] of [['overview', '#/overview'], ['keys', '#/keys'], ['value', '#/keys?pattern=queue&key=queue']]) {
      await page.goto(url + hash);
      await page.reload();
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText(name === 'overview' ? 'Commands of the last second' : name === 'keys' ? 'Count again' : 'message 1').first().waitFor();
      await accessible(page, name);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
      await page.screenshot({ path: `${folder}/${name}-${theme}-${width}.png`, fullPage: name !== 'keys' });
    }
  });
}

await step('a reader looks and changes nothing', async () => {
  const token = (await (await context.request.post(url + 'auth/login', { form: { username: 'admin', password } })).json()).access_token;
  await context.request.post(url + 'auth/register', { headers: { authorization: 'Bearer ' + token },
    data: { username: 'rea', password: 'password of rea', permissions: ['read'] } });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.getByRole('button', { name: 'Log out' }).click();
  await logIn(page, 'rea', 'password of rea');
  await page.goto(url + '#/keys?pattern=queue&key=queue');
  await page.getByText('150 elements').waitFor();
  for (const name of ['New key', 'Add…', 'Delete…', 'Time to live…']) {
    assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
  }
  await page.goto(url + '#/keys?key=user%3Ausername_index');
  await page.getByText('keys of accounts are for administrators').waitFor();
});

await step('logging out ends it', async () => {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Holdfast console' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Holdfast console' }).waitFor();
});

await step('nothing went wrong on the way, and no other server was asked', async () => assert.deepEqual(problems, []));

await browser.close();
console.log(failed ? `${failed} steps failed` : 'all steps passed');
process.exit(failed ? 1 : 0);
