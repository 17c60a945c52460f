// One key: what it holds, piece by piece, and changes to it.
import { useEffect, useState } from 'preact/hooks';
import { call, get, keyOf, octets } from './api.js';
import { bytes, number, pretty, shown, span } from './format.js';
import { Badge, Card, Dialog, Empty, ErrorNote, Export, useMay } from './ui.jsx';

const PAGE = 100;

export function Value({ db, name, onClose, onDeleted }) {
  const key = keyOf(name);
  const [value, setValue] = useState(null);
  const [error, setError] = useState(null);
  const [dialog, setDialog] = useState(null);
  const mayWrite = useMay('write');
  const load = async (cursor = '') => {
    try {
      const page = await get('key', { db, ...key, cursor, count: PAGE });
      setError(null);
      setValue(before => !cursor ? page : page.type === 'string'
        ? { ...page, value: joined(before.value, page.value) }
        : { ...page, elements: [...before.elements, ...page.elements] });
    } catch (e) {
      setError(e);
      e.status === 404 && setValue(null);
    }
  };
  useEffect(() => { load(); }, []);
  const change = body => call('PUT', 'key', { db, ...key }, { type: value.type, ...body }).then(() => load());
  const close = () => setDialog(null);
  const title = shown(name);
  if (!value) {
    return <Card title={title} actions={<button class="plain" onClick={onClose}>Close</button>}>{error ? <ErrorNote error={error} /> : <Empty>Reading…</Empty>}</Card>;
  }
  const ask = (what, run, opts) => setDialog({ what, run, ...opts });
  return (
    <section class="card" aria-label={'The key ' + title}>
      <header>
        <h2 class="value-text">{title}</h2>
        <div class="tools"><button class="plain" onClick={() => load()}>Reload</button><button class="plain" onClick={onClose}>Close</button></div>
      </header>
      <div class="body grid">
        <div class="spread">
          <div class="tools quiet">
            <Badge>{value.type}</Badge>
            <span>{number(value.length)} {value.type === 'string' ? 'bytes' : value.length === 1 ? 'element' : 'elements'}</span>
            <span>{bytes(value.bytes)} in memory</span>
            <span>{value.encoding}</span>
            <span>{value.ttl_millis < 0 ? 'does not expire' : 'expires in ' + span(value.ttl_millis / 1000)}</span>
          </div>
          {mayWrite && (
            <div class="tools">
              <button onClick={() => setDialog({ kind: 'ttl' })}>Time to live…</button>
              {value.type === 'string'
                ? <button disabled={value.cursor !== ''} title={value.cursor ? 'Load all of it first' : ''} onClick={() => setDialog({ kind: 'string' })}>Edit…</button>
                : <button onClick={() => setDialog({ kind: 'element', element: null })}>Add…</button>}
              <button class="danger" onClick={() => ask('the key', () => call('DELETE', 'key', { db, ...key }).then(onDeleted), { kind: 'delete', stays: true })}>Delete…</button>
            </div>
          )}
        </div>
        <ErrorNote error={error} />
        {value.type === 'string'
          ? <Text value={value.value} />
          : <Elements value={value} mayWrite={mayWrite}
            onEdit={element => setDialog({ kind: 'element', element })}
            onRemove={element => ask('this element', () => change({ remove: true, ...identity(value.type, element) }), { kind: 'delete' })} />}
        <div class="spread">
          {value.cursor ? <button onClick={() => load(value.cursor)}>Load more</button> : <span />}
          {value.elements && <div><Export name="elements" rows={value.elements.map(plain)} /></div>}
        </div>
      </div>
      {dialog?.kind === 'ttl' && <TimeToLive db={db} name={key} value={value} onClose={close} onDone={() => load()} />}
      {dialog?.kind === 'string' && <EditText value={value.value} onClose={close} onSave={text => change({ value: text })} />}
      {dialog?.kind === 'element' && <EditElement type={value.type} element={dialog.element} onClose={close} onSave={change} />}
      {dialog?.kind === 'delete' && (
        <Dialog title={'Delete ' + dialog.what + '?'} action="Delete" danger onClose={close} onSubmit={dialog.run}>
          <p class="value-text">{title}</p><p>It cannot be brought back.</p>
        </Dialog>
      )}
    </section>
  );
}

const joined = (a, b) => a.text !== undefined && b.text !== undefined
  ? { text: a.text + b.text }
  : { base64: btoa(binary(a) + binary(b)) };
const binary = value => value.base64 !== undefined ? atob(value.base64) : String.fromCharCode(...new TextEncoder().encode(value.text));

const plain = e => e.fields
  ? { id: e.id, ...Object.fromEntries(e.fields.map(f => [shown(f.field), shown(f.value)])) }
  : Object.fromEntries(Object.entries(e).map(([name, value]) => [name, typeof value === 'object' ? shown(value) : value]));

/** What a request names an element by. */
const identity = (type, e) => type === 'hash' ? octets('field', e.field) : type === 'stream' ? { id: e.id } : octets('value', e.value);

/** Text, as JSON with its lines indented where it is that. */
export function Text({ value }) {
  const text = shown(value);
  const nice = value.text === undefined ? null : pretty(value.text);
  const [raw, setRaw] = useState(false);
  return (
    <div class="grid">
      {nice && <label class="inline"><input type="checkbox" checked={raw} onChange={e => setRaw(e.target.checked)} /> as stored</label>}
      <pre class="value-text" tabIndex={0} aria-label="The value">{nice && !raw ? nice : text}</pre>
    </div>
  );
}

const Cell = ({ value }) => <div class="value-text clip">{shown(value)}{value.bytes && <span class="quiet"> … {bytes(value.bytes)} in all</span>}</div>;

function Elements({ value, mayWrite, onEdit, onRemove }) {
  const columns = {
    hash: [['Field', e => <Cell value={e.field} />], ['Value', e => <Cell value={e.value} />]],
    list: [['Index', e => number(e.index), 'num fit'], ['Value', e => <Cell value={e.value} />]],
    set: [['Member', e => <Cell value={e.value} />]],
    zset: [['Score', e => e.score, 'num fit'], ['Member', e => <Cell value={e.value} />]],
    stream: [['Id', e => <span class="mono nowrap">{e.id}</span>, 'fit'], ['Fields', e => e.fields.map(f => <div key={shown(f.field)} class="value-text clip"><b>{shown(f.field)}</b> {shown(f.value)}</div>)]],
  }[value.type];
  if (!columns) {
    return <Empty>Values of this type are not shown.</Empty>;
  }
  if (!value.elements.length) {
    return <Empty>No elements.</Empty>;
  }
  const removable = value.type !== 'list';
  const editable = value.type !== 'stream' && value.type !== 'set';
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Elements">
      <table>
        <thead><tr>{columns.map(([title, , kind]) => <th scope="col" key={title} class={kind}>{title}</th>)}{mayWrite && <th class="fit"><span class="visually-hidden">Actions</span></th>}</tr></thead>
        <tbody>
          {value.elements.map((e, i) => (
            <tr key={i}>
              {columns.map(([title, cell, kind]) => <td key={title} class={kind}>{cell(e)}</td>)}
              {mayWrite && (
                <td class="fit">
                  {editable && !e.value?.bytes && <button class="plain" onClick={() => onEdit(e)}>Edit</button>}
                  {removable && <button class="plain" onClick={() => onRemove(e)}>Remove</button>}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TimeToLive({ db, name, value, onClose, onDone }) {
  const [seconds, setSeconds] = useState(value.ttl_millis < 0 ? '' : String(Math.ceil(value.ttl_millis / 1000)));
  const submit = () => call('PUT', 'key/ttl', { db, ...name }, { ttl_millis: seconds === '' ? -1 : Math.round(Number(seconds) * 1000) }).then(onDone);
  return (
    <Dialog title="Time to live" action="Save" onClose={onClose} onSubmit={submit}>
      <label>Seconds; nothing for a key that does not expire
        <input type="number" min="0.001" step="any" value={seconds} onInput={e => setSeconds(e.target.value)} /></label>
    </Dialog>
  );
}

function EditText({ value, onClose, onSave }) {
  const [text, setText] = useState(value.text ?? '');
  return (
    <Dialog title="Edit the value" action="Save" disabled={value.text === undefined} onClose={onClose} onSubmit={() => onSave(text)}>
      {value.text === undefined && <p class="note">This value is no text and cannot be edited here.</p>}
      <label>Value<textarea rows={12} value={text} onInput={e => setText(e.target.value)} spellcheck={false} /></label>
    </Dialog>
  );
}

function EditElement({ type, element, onClose, onSave }) {
  const [field, setField] = useState(shown(element?.field));
  const [text, setText] = useState(shown(element?.value));
  const [score, setScore] = useState(element?.score ?? '0');
  const submit = () => {
    switch (type) {
      case 'hash': return onSave({ ...(element ? octets('field', element.field) : { field }), value: text });
      case 'zset': return onSave({ ...(element ? octets('value', element.value) : { value: text }), score });
      case 'list': return onSave({ value: text, ...(element && { index: element.index }) });
      case 'stream': return onSave({ fields: { [field]: text } });
      default: return onSave({ value: text });
    }
  };
  const named = type === 'hash' || type === 'stream';
  return (
    <Dialog title={element ? 'Edit the element' : 'Add an element'} action="Save" onClose={onClose} onSubmit={submit}>
      {named && <label>Field<input value={field} disabled={Boolean(element)} onInput={e => setField(e.target.value)} spellcheck={false} /></label>}
      {type === 'zset' && <label>Score<input value={score} onInput={e => setScore(e.target.value)} required /></label>}
      <label>{type === 'set' || type === 'zset' ? 'Member' : 'Value'}
        <textarea rows={6} value={text} disabled={type === 'zset' && Boolean(element)} onInput={e => setText(e.target.value)} spellcheck={false} /></label>
      {type === 'list' && !element && <p class="quiet">It is added at the end.</p>}
    </Dialog>
  );
}

export function NewKey({ db, onClose, onMade }) {
  const [key, setKey] = useState('');
  const [type, setType] = useState('string');
  const [field, setField] = useState('');
  const [text, setText] = useState('');
  const [score, setScore] = useState('0');
  const body = { type, ...(type === 'stream' ? { fields: { [field]: text } } : { value: text }), ...(type === 'hash' && { field }), ...(type === 'zset' && { score }) };
  const submit = async () => {
    const known = await get('key', { db, key, count: 1 }).catch(e => e.status === 404 ? null : Promise.reject(e));
    if (known) {
      throw new Error('There is such a key already.');
    }
    await call('PUT', 'key', { db, key }, body);
    onMade(key);
  };
  return (
    <Dialog title="New key" action="Make" disabled={key === ''} onClose={onClose} onSubmit={submit}>
      <label>Name<input value={key} onInput={e => setKey(e.target.value)} spellcheck={false} autofocus required /></label>
      <label>Type<select value={type} onChange={e => setType(e.target.value)}>{['string', 'hash', 'list', 'set', 'zset', 'stream'].map(t => <option key={t}>{t}</option>)}</select></label>
      {(type === 'hash' || type === 'stream') && <label>Field<input value={field} onInput={e => setField(e.target.value)} spellcheck={false} /></label>}
      {type === 'zset' && <label>Score<input value={score} onInput={e => setScore(e.target.value)} /></label>}
      <label>{type === 'set' || type === 'zset' ? 'Member' : 'Value'}<textarea rows={5} value={text} onInput={e => setText(e.target.value)} spellcheck={false} /></label>
    </Dialog>
  );
}
