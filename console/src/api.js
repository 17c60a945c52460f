// Requests to the server. What it refuses is thrown as a Failure; a login that is over shows the login page.

const BASE = 'console/api/';

export class Failure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let whenLoggedOut = () => {};
export const onLoggedOut = action => { whenLoggedOut = action; };

export const query = parameters => {
  const present = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return present.length ? '?' + new URLSearchParams(present) : '';
};

export async function call(method, path, parameters = {}, body, signal) {
  const headers = { 'x-holdfast-console': '1' };
  const form = body instanceof URLSearchParams;
  if (body !== undefined && !form) {
    headers['content-type'] = 'application/json';
  }
  let answer;
  try {
    answer = await fetch(BASE + path + query(parameters), {
      method, headers, signal,
      body: body === undefined || form ? body : JSON.stringify(body),
    });
  } catch (e) {
    throw e.name === 'AbortError' ? e : new Failure(0, 'The server cannot be reached.');
  }
  const json = (answer.headers.get('content-type') ?? '').startsWith('application/json') ? await answer.json() : null;
  if (!answer.ok) {
    if (answer.status === 401 && path !== 'session') {
      whenLoggedOut();
    }
    throw new Failure(answer.status, said(json) ?? 'The server answered with status ' + answer.status + '.');
  }
  return json;
}

const said = json => Array.isArray(json?.detail)
  ? json.detail.map(each => each.loc.slice(1).join('.') + ' ' + each.msg).join('; ')
  : json?.detail;

export const get = (path, parameters, signal) => call('GET', path, parameters, undefined, signal);

/** A key, field or value as the server gives it, for a request: its text, or its base64 under another name. */
export const octets = (name, value) => value.text === undefined
  ? { [name + '64']: value.base64 }
  : { [name]: value.text };

export const keyOf = key => key.text === undefined ? { key64: key.base64 } : { key: key.text };
