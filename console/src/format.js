// Figures and times as people read them.

const whole = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const number = n => whole.format(n);
export const compact = n => Math.abs(n) < 10_000 ? whole.format(Math.round(n * 10) / 10) : short.format(n);

export function bytes(n) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return (unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)) + ' ' + units[unit];
}

export const micros = n => n < 1000 ? compact(n) + ' µs' : n < 1_000_000 ? compact(n / 1000) + ' ms' : compact(n / 1e6) + ' s';
export const percent = share => share === null || share === undefined ? '–' : (100 * share).toFixed(share === 1 || share === 0 ? 0 : 1) + ' %';

/** A span in its two largest units. */
export function span(seconds) {
  const parts = [];
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]]) {
    if (seconds >= size) {
      parts.push(Math.floor(seconds / size) + ' ' + unit);
      seconds %= size;
    }
  }
  return parts.slice(0, 2).join(' ') || (seconds > 0 ? Math.round(seconds * 1000) + ' ms' : '0 s');
}

export const ago = iso => {
  const seconds = (Date.now() - new Date(iso)) / 1000;
  return seconds < 0 ? 'in ' + span(-seconds) : span(seconds) + ' ago';
};
export const time = iso => new Date(iso).toLocaleString('en-GB', { dateStyle: 'short', timeStyle: 'medium' });
export const shown = value => value?.text ?? (value?.base64 === undefined ? '' : printable(value.base64));

/** Bytes that are no text, as C writes them. */
function printable(base64) {
  return Array.from(atob(base64), c => c >= ' ' && c <= '~' ? (c === '\\' ? '\\\\' : c)
    : '\\x' + c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

/** JSON with its lines indented, or null if the text is none. */
export function pretty(text) {
  if (!/^\s*[[{]/.test(text)) {
    return null;
  }
  try {
    // Numbers that JavaScript would round stay as they are: then the text is shown untouched.
    const parsed = JSON.parse(text);
    return /\d{16,}/.test(text) ? null : JSON.stringify(parsed, null, 2);
  } catch {
    return null;
  }
}
