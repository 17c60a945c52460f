// Opens a page in a headless Chromium: the one that CHROMIUM names, else one on the path.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chromium-headless-shell'];

export function executable() {
  return process.env.CHROMIUM ?? process.env.PATH.split(delimiter).flatMap(folder => NAMES.map(name => join(folder, name))).find(existsSync);
}

/** What the page says wrong on its console, or asks of others than this server, is collected in problems. */
export async function open(url, { theme = 'light', width = 1280, height = 900 } = {}) {
  const browser = await chromium.launch({ executablePath: executable(), args: ['--no-sandbox'] });
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, acceptDownloads: true });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', error => problems.push('error: ' + error.message));
  page.on('console', message => message.type() === 'error' && !/status of 40[1349]/.test(message.text()) && problems.push('console: ' + message.text()));
  page.on('request', request => request.url().startsWith(url) || request.url().startsWith('data:') || request.url().startsWith('blob:') || problems.push('asks ' + request.url()));
  await page.goto(url);
  return { browser, context, page, problems };
}
