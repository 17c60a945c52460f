// Parts that several pages are made of.
import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';

export const User = createContext({ username: '', permissions: [] });
export const useMay = permission => useContext(User).permissions.includes(permission);

export const Card = ({ title, actions, children, flush }) => (
  <section class="card">
    {title && <header><h2>{title}</h2><div class="tools">{actions}</div></header>}
    {flush ? children : <div class="body">{children}</div>}
  </section>
);

export const Badge = ({ kind, children }) => <span class={'badge ' + (kind ?? children)}>{children}</span>;
export const ErrorNote = ({ error }) => error ? <div class="error" role="alert">{error.message ?? String(error)}</div> : null;
export const Empty = ({ children }) => <div class="empty">{children}</div>;

/** Loads anew when what it depends on changes; gives [value, error, reload, isLoading]. */
export function useLoaded(load, on, every = 0) {
  const [state, setState] = useState({ value: null, error: null, loading: true });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const end = new AbortController();
    setState(before => ({ ...before, loading: true }));
    load(end.signal).then(
      value => !end.signal.aborted && setState({ value, error: null, loading: false }),
      error => !end.signal.aborted && setState(before => ({ value: before.value, error, loading: false })));
    return () => end.abort();
  }, [...on, round]);
  useEffect(() => {
    if (every) {
      const timer = setInterval(() => document.hidden || setRound(n => n + 1), every);
      return () => clearInterval(timer);
    }
  }, [every]);
  return [state.value, state.error, useCallback(() => setRound(n => n + 1), []), state.loading];
}

/** A dialog that is open while it is shown. Escape and Cancel close it. */
export function Dialog({ title, children, onClose, onSubmit, action, danger, disabled }) {
  const ref = useRef();
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => { ref.current.showModal(); }, []);
  const submit = async event => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await onSubmit();
      onClose();
    } catch (e) {
      setError(e);
      setBusy(false);
    }
  };
  return (
    <dialog ref={ref} aria-label={title} onClose={onClose}>
      <form onSubmit={submit}>
        <h2>{title}</h2>
        {children}
        <ErrorNote error={error} />
        <div class="actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button class={danger ? 'danger' : 'primary'} disabled={busy || disabled}>{busy ? 'Working…' : action}</button>
        </div>
      </form>
    </dialog>
  );
}

/** A table of rows by columns [{title, cell, num, fit, optional, plain}]; plain is the value that is exported. */
export function Table({ label, columns, rows, keyOf }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead><tr>{columns.map(c => <th scope="col" key={c.title} class={classes(c)}>{c.title}</th>)}</tr></thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={keyOf ? keyOf(row) : i}>
              {columns.map(c => <td key={c.title} class={classes(c)}>{c.cell(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const classes = c => [c.num && 'num', c.fit && 'fit', c.optional && 'optional'].filter(Boolean).join(' ');

function save(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A cell of CSV; what a spreadsheet would take for a formula begins with an apostrophe. */
const cell = value => {
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\n\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
};

export const csv = rows => {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  return [columns, ...rows.map(row => columns.map(c => row[c]))].map(row => row.map(cell).join(',')).join('\r\n') + '\r\n';
};

/** Saves what the page shows. */
export const Export = ({ name, rows }) => (
  <>
    <button class="plain" disabled={!rows.length} onClick={() => save(name + '.json', 'application/json', JSON.stringify(rows, null, 2))}>Save as JSON</button>
    <button class="plain" disabled={!rows.length} onClick={() => save(name + '.csv', 'text/csv', csv(rows))}>Save as CSV</button>
  </>
);
