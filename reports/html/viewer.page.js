// The page as a whole: views by address, keys, paper, and pytest-html's own table put where it belongs.

const views = {overview: null, results: results.show, requirements: requirements.show, run: null};

const route = () => {
  const [name, query] = decodeURI(location.hash).slice(1).split(/\?(.*)/s);
  const view = name in views ? name : 'overview';
  for (const key of Object.keys(views)) $(`mp-${key}`).classList.toggle('mp-on', key === view);
  for (const link of document.querySelectorAll('.mp-nav a')) {
    if (link.getAttribute('href') === `#${view}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  scrollTo(0, 0);
  if (views[view]) views[view](query || '');
};

const onKey = (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    if (!$('mp-results').classList.contains('mp-on')) { location.hash = '#results'; route(); }
    results.search();
  } else if (event.key === 'Escape' && event.target.id === 'mp-q') event.target.blur();
  else if (event.key === 'ArrowDown' && event.target.id === 'mp-q') { event.preventDefault(); document.querySelector('.mp-row')?.focus(); }
};

/** Evidence on the overview is filled in when it is opened. */
const onToggle = (event) => {
  const row = event.target.dataset && event.target.dataset.row;
  if (row === undefined || !event.target.open || event.target.childElementCount > 1) return;
  const box = el('div', null);
  event.target.append(box);
  fillEvidence(box, Number(row)).catch((error) => box.append(el('p', null, `The evidence cannot be read: ${error.message}`)));
};

const paper = () => {
  const closed = [...document.querySelectorAll('#mp-overview details:not([data-row]):not([open])')];
  closed.forEach((node) => { node.open = true; });
  if (!$('mp-requirements').childElementCount) requirements.show('');
  const table = results.table();
  $('mp-results').append(table);
  addEventListener('afterprint', () => { table.remove(); closed.forEach((node) => { node.open = false; }); }, {once: true});
};

/** pytest-html draws its table of what did not pass into the page; it belongs to the run view, folded. */
const tidy = () => {
  const own = $('results-table');
  if (!own) return;
  const log = el('details.mp-log', null, el('summary.mp-quiet', null, 'pytest’s own table of what did not pass'));
  for (const node of [$('environment-header'), $('environment'), document.querySelector('.summary .controls'), own]) if (node) log.append(node);
  $('mp-pytest').append(log);
};

const start = async () => {
  if (typeof DecompressionStream === 'undefined') return; // the plain page remains
  try {
    D = await decode('mp-data');
  } catch (error) {
    return;
  }
  document.documentElement.classList.add('mp-js');
  addEventListener('hashchange', route);
  addEventListener('keydown', onKey);
  document.addEventListener('toggle', onToggle, true);
  addEventListener('beforeprint', paper);
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', tidy);
  else tidy();
  route();
  document.documentElement.dataset.mailproof = 'ready';
};
start();
