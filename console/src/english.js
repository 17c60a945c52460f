// The page is in English, and a browser may name a language that Intl refuses. Imported before what asks for it.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en' });
}
