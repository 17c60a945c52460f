import { useEffect, useRef, useState } from 'preact/hooks';
import { call, get, keyOf } from './api.js';
import { bytes, compact, number, shown, span } from './format.js';
import { go } from './route.js';
import { Badge, Card, Dialog, Empty, ErrorNote, Export, useLoaded, useMay } from './ui.jsx';
import { useLive } from './live.js';
import { NewKey, Value } from './value.jsx';

const TYPES = ['string', 'hash', 'list', 'set', 'zset', 'stream'];
const PAGE = 100;
const MOST_SHOWN = 5000;
const LOOK_MILLIS = 700;

/** A pattern in which no character of a prefix has a meaning. */
const literally = text => text.replace(/[\\*?[\]^]/g, '\\$&');

export function Keys({ parameters }) {
  const { db = '', pattern = '', type = '' } = parameters;
  const chosen = parameters.key !== undefined ? { text: parameters.key } : parameters.key64 !== undefined ? { base64: parameters.key64 } : null;
  const show = more => go('keys', { db, pattern, type, ...more });
  const [making, setMaking] = useState(false);
  const [round, setRound] = useState(0);
  const mayWrite = useMay('write');
  const { overview } = useLive();
  const databases = overview?.databases ?? [];
  return (
    <>
      <div class="head">
        <h1>Keys</h1>
        <div class="tools">
          {databases.length > 1 && (
            <label class="inline">Database
              <select value={db || '0'} onChange={e => go('keys', { db: e.target.value === '0' ? '' : e.target.value })}>
                {databases.map(d => <option key={d.db} value={d.db}>{d.db} ({compact(d.keys)} keys)</option>)}
              </select>
            </label>
          )}
          {mayWrite && <button class="primary" onClick={() => setMaking(true)}>New key</button>}
        </div>
      </div>
      <div class="split">
        <Tree key={db} db={db} pattern={pattern} onChoose={prefix => go('keys', { db, type, pattern: prefix && literally(prefix) + '*' })} />
        <div class="grid">
          {chosen && <Value key={db + ' ' + (chosen.text ?? chosen.base64)} db={db} name={chosen} onClose={() => show({})} onDeleted={() => { setRound(round + 1); show({}); }} />}
          <Search key={[db, pattern, type, round].join(' ')} db={db} pattern={pattern} type={type} chosen={chosen} show={show} />
        </div>
      </div>
      {making && <NewKey db={db} onClose={() => setMaking(false)} onMade={key => show({ key })} />}
    </>
  );
}

function Search({ db, pattern, type, chosen, show }) {
  const [found, setFound] = useState({ keys: [], cursor: '0', visited: 0, begun: false });
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const mayWrite = useMay('write');
  const stop = useRef(null);
  const more = async (from, wanted) => {
    const end = new AbortController();
    stop.current = end;
    setBusy(true);
    setError(null);
    let state = from;
    const enough = from.keys.length + wanted;
    try {
      do {
        const page = await get('keys', { db, pattern, type, cursor: state.cursor, count: wanted }, end.signal);
        // A key may be met twice.
        const known = new Set(state.keys.map(k => JSON.stringify(k.key)));
        state = { keys: [...state.keys, ...page.keys.filter(k => !known.has(JSON.stringify(k.key)))],
          cursor: page.cursor, visited: state.visited + page.visited, begun: true };
        setFound(state);
      } while (state.cursor !== '0' && state.keys.length < enough);
    } catch (e) {
      e.name !== 'AbortError' && setError(e);
    }
    setBusy(false);
  };
  useEffect(() => {
    more(found, PAGE);
    return () => stop.current.abort();
  }, []);
  const submit = event => {
    event.preventDefault();
    const form = new FormData(event.target);
    go('keys', { db, pattern: form.get('pattern').trim(), type: form.get('type') });
  };
  const done = found.begun && found.cursor === '0';
  const same = name => chosen && (chosen.text !== undefined ? chosen.text === name.text : chosen.base64 === name.base64);
  return (
    <Card title={done ? `${number(found.keys.length)} keys` : `${number(found.keys.length)} keys so far, ${number(found.visited)} looked at`}
      flush actions={<>
        <Export name="keys" rows={found.keys.map(k => ({ key: shown(k.key), type: k.type, bytes: k.bytes, expires_at: k.expires_at < 0 ? null : new Date(k.expires_at).toISOString() }))} />
        {mayWrite && pattern && <button class="danger" onClick={() => setDeleting(true)}>Delete all that match…</button>}
      </>}>
      <form class="body tools" onSubmit={submit} role="search">
        <label class="wide">Pattern<input name="pattern" defaultValue={pattern} placeholder="user:*, or a whole name" spellcheck={false} /></label>
        <label>Type
          <select name="type" defaultValue={type}><option value="">any</option>{TYPES.map(t => <option key={t}>{t}</option>)}</select>
        </label>
        <button>Search</button>
        {busy && <button type="button" class="plain" onClick={() => stop.current.abort()}>Stop</button>}
      </form>
      <ErrorNote error={error} />
      {found.keys.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Keys">
          <table>
            <thead><tr><th scope="col">Key</th><th scope="col" class="fit">Type</th><th scope="col" class="num">Size</th><th scope="col" class="num optional">Expires in</th></tr></thead>
            <tbody>
              {found.keys.map(k => (
                <tr key={JSON.stringify(k.key)} aria-current={same(k.key) ? 'true' : undefined}>
                  <td><button class="link mono" onClick={() => { show(keyOf(k.key)); scrollTo({ top: 0 }); }}>{shown(k.key)}</button></td>
                  <td class="fit"><Badge>{k.type}</Badge></td>
                  <td class="num">{bytes(k.bytes)}</td>
                  <td class="num optional">{k.expires_at < 0 ? '–' : span(Math.max(0, (k.expires_at - Date.now()) / 1000))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {done && found.keys.length === 0 && <Empty>{pattern || type ? 'No key matches.' : 'The database has no keys.'}</Empty>}
      {found.begun && !done && !busy && (
        <Empty>{found.keys.length >= MOST_SHOWN ? 'Restrict the pattern to see others.' : <button onClick={() => more(found, PAGE)}>Show more</button>}</Empty>
      )}
      {deleting && <DeleteAll db={db} pattern={pattern} type={type} onClose={() => setDeleting(false)} onDone={() => { setDeleting(false); more({ keys: [], cursor: '0', visited: 0, begun: false }, PAGE); }} />}
    </Card>
  );
}

/** Counts what matches before it asks, and deletes piece by piece. */
function DeleteAll({ db, pattern, type, onClose, onDone }) {
  const [count, setCount] = useState({ keys: 0, done: false });
  const [typed, setTyped] = useState('');
  const [deleted, setDeleted] = useState(0);
  const [error, setError] = useState(null);
  useEffect(() => {
    const end = new AbortController();
    (async () => {
      let cursor = '0';
      let keys = 0;
      do {
        const page = await get('keys', { db, pattern, type, cursor, count: 1000 }, end.signal);
        cursor = page.cursor;
        keys += page.keys.length;
        setCount({ keys, done: cursor === '0' });
      } while (cursor !== '0');
    })().catch(e => e.name !== 'AbortError' && setError(e));
    return () => end.abort();
  }, []);
  const submit = async () => {
    let cursor = '0';
    let sum = 0;
    do {
      const page = await call('DELETE', 'keys', { db, pattern, type, cursor });
      cursor = page.cursor;
      sum += page.deleted;
      setDeleted(sum);
    } while (cursor !== '0');
    onDone();
  };
  return (
    <Dialog title="Delete all keys that match" action={`Delete ${number(count.keys)} keys`} danger disabled={!count.done || typed !== pattern || !count.keys} onClose={onClose} onSubmit={submit}>
      <p><code>{pattern}</code>{type && <> of type {type}</>} matches <b>{number(count.keys)}</b> keys{count.done ? '.' : ' so far…'} They cannot be brought back. Keys of the relay's accounts stay.</p>
      <label>Type the pattern to confirm<input value={typed} onInput={e => setTyped(e.target.value)} spellcheck={false} autocomplete="off" /></label>
      {deleted > 0 && <p role="status">{number(deleted)} deleted…</p>}
      <ErrorNote error={error} />
    </Dialog>
  );
}

// ---- the tree ----

function Tree({ db, pattern, onChoose }) {
  const [sort, setSort] = useState('keys');
  const [root, error, reload] = useLoaded(signal => get('tree', { db, sort }, signal), [db, sort]);
  const [failure, setFailure] = useState(null);
  const running = root?.state === 'running';
  useEffect(() => {
    if (running) {
      const timer = setInterval(reload, LOOK_MILLIS);
      return () => clearInterval(timer);
    }
  }, [running]);
  const change = method => call(method, 'tree', { db }).then(reload, setFailure);
  return (
    <Card title="Prefixes" actions={root?.branch && (
      <label class="inline">by <select value={sort} onChange={e => setSort(e.target.value)}><option value="keys">keys</option><option value="bytes">bytes</option></select></label>
    )}>
      <ErrorNote error={error ?? failure} />
      {root?.state === 'none' && (
        <Empty>
          <span>Counts every key and its bytes by what its name begins with, a little at a time.</span>
          <button class="primary" onClick={() => change('POST')}>Count all keys</button>
        </Empty>
      )}
      {root?.branch && (
        <div class="grid">
          <div class="quiet" aria-live="polite">
            {running
              ? <><span>{number(root.visited)} of about {number(root.expected)} keys</span>
                <div class="progress" role="progressbar" aria-label="Keys counted" aria-valuemin={0} aria-valuemax={100} aria-valuenow={portion(root)}>
                  <i ref={bar => bar && (bar.style.width = portion(root) + '%')} /></div></>
              : <span>{number(root.branch.keys)} keys, {bytes(root.branch.bytes)}{root.problem ? '; ' + root.problem : ''}; counted {span(Math.max(1, (Date.now() - new Date(root.ended)) / 1000))} ago</span>}
            <div>{running ? <button class="plain" onClick={() => change('DELETE')}>Stop</button> : <button class="plain" onClick={() => change('POST')}>Count again</button>}</div>
          </div>
          <Branches branch={root.branch} db={db} sort={sort} all={root.branch} pattern={pattern} onChoose={onChoose} stamp={root.visited} />
        </div>
      )}
    </Card>
  );
}

const portion = root => Math.min(100, Math.round(100 * root.visited / Math.max(1, root.expected)));

function Branches({ branch, db, sort, all, pattern, onChoose, stamp }) {
  return (
    <ul class="tree">
      {branch.children.map(child => <Branch key={child.prefix} child={child} parent={branch.prefix} db={db} sort={sort} all={all} pattern={pattern} onChoose={onChoose} stamp={stamp} />)}
      {branch.own > 0 && branch.prefix !== '' && <li class="branch quiet"><span class="twist" /> <span class="name">no further part</span><span class="num">{compact(branch.own)}</span></li>}
      {branch.own > 0 && branch.prefix === '' && <li class="branch quiet"><span class="twist" /> <span class="name">without a colon</span><span class="num">{compact(branch.own)}</span></li>}
      {(branch.more_children > 0 || branch.others > 0) && (
        <li class="branch quiet"><span class="twist" /><span class="name">{number(branch.more_children)}{branch.others > 0 ? ' and more' : ''} further prefixes</span></li>
      )}
    </ul>
  );
}

function Branch({ child, parent, db, sort, all, pattern, onChoose, stamp }) {
  const [open, setOpen] = useState(false);
  const [page, error] = useLoaded(signal => open ? get('tree', { db, sort, prefix: child.prefix }, signal) : Promise.resolve(null), [open, sort, open && stamp]);
  const name = child.prefix.slice(parent.length);
  const size = sort === 'bytes' ? child.bytes : child.keys;
  const share = 100 * size / Math.max(1, sort === 'bytes' ? all.bytes : all.keys);
  const types = Object.entries(child.types).map(([type, n]) => number(n) + ' ' + type).join(', ');
  return (
    <li>
      <div class={'branch' + (pattern === literally(child.prefix) + '*' ? ' chosen' : '')}>
        {child.branches > 0
          ? <button class="twist" aria-expanded={open} aria-label={(open ? 'Close ' : 'Open ') + child.prefix} onClick={() => setOpen(!open)}>{open ? '▾' : '▸'}</button>
          : <span class="twist" />}
        <span class="name">
          <button class="link" title={`${number(child.keys)} keys, ${bytes(child.bytes)}; ${types}; ${number(child.expiring)} with a time to live`} onClick={() => onChoose(child.prefix)}>{name}</button>
          <span class="share"><i ref={bar => bar && (bar.style.width = share + '%')} /></span>
        </span>
        <span class="num quiet">{sort === 'bytes' ? bytes(child.bytes) : compact(child.keys)}</span>
      </div>
      {open && <ErrorNote error={error} />}
      {open && page?.branch && <Branches branch={page.branch} db={db} sort={sort} all={all} pattern={pattern} onChoose={onChoose} stamp={stamp} />}
    </li>
  );
}
