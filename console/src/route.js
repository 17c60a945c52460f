// The page and its filter, kept in the part of the address behind #, so that a link or a reload shows the same.
import { useEffect, useState } from 'preact/hooks';

export function parse() {
  const [path, search] = location.hash.replace(/^#\/?/, '').split('?');
  return { page: decodeURIComponent(path || 'overview'), parameters: Object.fromEntries(new URLSearchParams(search ?? '')) };
}

export const href = (page, parameters = {}) => {
  const present = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return '#/' + page + (present.length ? '?' + new URLSearchParams(present) : '');
};

export function go(page, parameters, replace = false) {
  if (replace) {
    history.replaceState(null, '', href(page, parameters));
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = href(page, parameters).slice(1);
  }
}

export function useRoute() {
  const [route, setRoute] = useState(parse);
  useEffect(() => {
    const changed = () => setRoute(parse());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}
