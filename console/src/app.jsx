import './english.js';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, get, onLoggedOut } from './api.js';
import { connect, disconnect, useLive } from './live.js';
import { href, useRoute } from './route.js';
import { ErrorNote, User } from './ui.jsx';
import { Overview } from './overview.jsx';
import { Keys } from './keys.jsx';

const STAY_IN_MILLIS = 4 * 60_000;

/** The pages by their names in the address; those in a group stand together in the menu. */
const PAGES = [
  { name: 'overview', title: 'Overview', page: Overview, group: 'Store' },
  { name: 'keys', title: 'Keys', page: Keys, group: 'Store' },
];

const chosenTheme = () => localStorage.getItem('theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');

function useTheme() {
  const [theme, setTheme] = useState(chosenTheme);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event('themechange'));
  }, [theme]);
  return [theme, () => setTheme(before => {
    const next = before === 'dark' ? 'light' : 'dark';
    localStorage.setItem('theme', next);
    return next;
  })];
}

const Brand = ({ children = 'Holdfast' }) => <><img src="console/icon.svg" alt="" width="24" height="24" />{children}</>;

function Login({ onUser }) {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async event => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onUser(await call('POST', 'session', {}, new URLSearchParams(new FormData(event.target))));
    } catch (e) {
      setError(e);
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form class="card" onSubmit={submit}>
        <h1 class="brand"><Brand>Holdfast console</Brand></h1>
        <label>User name<input name="username" autocomplete="username" required autofocus /></label>
        <label>Password<input name="password" type="password" autocomplete="current-password" required /></label>
        <ErrorNote error={error} />
        <button class="primary" disabled={busy}>{busy ? 'Logging in…' : 'Log in'}</button>
      </form>
    </main>
  );
}

function Side({ user, route, theme, toggleTheme, logOut }) {
  const [open, setOpen] = useState(false);
  const { overview } = useLive();
  const urgent = overview?.findings.filter(f => f.severity !== 'info').length ?? 0;
  useEffect(() => setOpen(false), [route]);
  const groups = [...new Set(PAGES.map(page => page.group))];
  return (
    <div class={'side' + (open ? ' open' : '')}>
      <div class="bar-top">
        <a class="brand" href="#/overview"><Brand /></a>
        <button class="menu" aria-expanded={open} onClick={() => setOpen(!open)}>Menu</button>
      </div>
      <nav aria-label="Pages">
        {groups.map(group => (
          <div key={group}>
            <h2>{group}</h2>
            {PAGES.filter(page => page.group === group).map(page => (
              <a key={page.name} href={href(page.name)} aria-current={route.page === page.name ? 'page' : undefined}>
                {page.title}
                {page.name === 'overview' && urgent > 0 && <span class="badge bad">{urgent}<span class="visually-hidden"> need attention</span></span>}
              </a>
            ))}
          </div>
        ))}
      </nav>
      <div class="foot">
        <span>{user.username} · {user.permissions.join(', ')}</span>
        <div class="row">
          <button class="plain" onClick={toggleTheme}>{theme === 'dark' ? 'Light' : 'Dark'}</button>
          <button class="plain" onClick={logOut}>Log out</button>
        </div>
      </div>
    </div>
  );
}

function App() {
  const [user, setUser] = useState(undefined);
  const [theme, toggleTheme] = useTheme();
  const route = useRoute();
  useEffect(() => {
    onLoggedOut(() => setUser(null));
    const ask = () => get('session').then(setUser, error => error.status === 401 || error.status === 403 ? setUser(null) : setUser(before => before ?? null));
    ask();
    const timer = setInterval(ask, STAY_IN_MILLIS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => user ? connect() : disconnect(), [Boolean(user)]);
  const page = PAGES.find(each => each.name === route.page) ?? PAGES[0];
  useEffect(() => { document.title = (user ? page.title + ' · ' : '') + 'Holdfast console'; }, [page, user]);
  if (user === undefined) {
    return null;
  }
  if (user === null) {
    return <Login onUser={setUser} />;
  }
  const logOut = () => call('DELETE', 'session').catch(() => {}).then(() => setUser(null));
  const Page = page.page;
  return (
    <User.Provider value={user}>
      <a class="skip" href={location.hash || '#/'} onClick={event => { event.preventDefault(); document.querySelector('main').focus(); }}>Skip to the page</a>
      <div class="frame">
        <Side user={user} route={route} theme={theme} toggleTheme={toggleTheme} logOut={logOut} />
        <main class="main" tabIndex={-1}><Page key={page.name} parameters={route.parameters} /></main>
      </div>
    </User.Provider>
  );
}

render(<App />, document.getElementById('app'));
