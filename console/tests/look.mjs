// Takes a picture of each page: node tests/look.mjs URL FOLDER [theme] [width]
import { open } from './browser.mjs';

const [url, folder, theme = 'light', width = '1280'] = process.argv.slice(2);
const { browser, page } = await open(url, { theme, width: Number(width) });
await page.getByLabel('User name').waitFor();
await page.screenshot({ path: `${folder}/login-${theme}-${width}.png` });
await page.getByLabel('User name').fill('admin');
await page.getByLabel('Password').fill(process.env.CONSOLE_PASSWORD ?? 'console test');
await page.getByRole('button', { name: 'Log in' }).click();
await page.getByRole('heading', { name: 'Overview', exact: true }).waitFor();
await page.getByText('live', { exact: true }).waitFor();
await page.waitForTimeout(Number(process.env.WAIT ?? 6000));
const shot = async name => page.screenshot({ path: `${folder}/${name}-${theme}-${width}.png`, fullPage: true });
const only = process.env.PAGES?.split(' ');
if (!only) {
  await shot('overview');
  await page.goto(url + '#/keys');
  const count = page.getByRole('button', { name: 'Count all keys' });
  await Promise.race([count.waitFor(), page.getByText('Count again').waitFor()]);
  if (await count.isVisible()) {
    await count.click();
  }
  await page.getByText('Count again').waitFor();
  await page.waitForTimeout(500);
  await shot('keys');
  await page.goto(url + '#/keys?pattern=user%3A12*&key=user%3A12%3Aprofile');
  await page.getByText('u12@example.com').waitFor();
  await shot('hash');
  await page.goto(url + '#/keys?pattern=config&key=config');
  await page.getByText('endpoints').first().waitFor();
  await shot('string');
}
for (const name of only ?? []) {
  await page.goto(url + '#/' + name);
  await page.waitForTimeout(1500);
  await shot(name.replace(/\W/g, '_'));
}
await browser.close();
