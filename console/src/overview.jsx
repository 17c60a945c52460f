import { Chart } from './chart.jsx';
import { bytes, compact, micros, number, percent, span } from './format.js';
import { useLive } from './live.js';
import { Badge, Card, Empty, Table } from './ui.jsx';
import { href } from './route.js';

const LABELS = { critical: 'Critical', warning: 'Warning', info: 'Note' };

const Findings = ({ findings }) => (
  <section aria-label="What needs attention">
    <ul class="findings">
      {findings.length === 0 && <li class="finding fine"><span class="mark">All well</span><span>Nothing needs attention.</span></li>}
      {findings.map(f => (
        <li key={f.title} class={'finding ' + f.severity}>
          <span class="mark">{LABELS[f.severity]}</span>
          <span><b>{f.title}.</b> {f.detail}</span>
        </li>
      ))}
    </ul>
  </section>
);

const Tile = ({ label, value, under }) => (
  <div class="tile"><div class="label">{label}</div><div class="value">{value}</div><div class="under">{under}</div></div>
);

export function Overview() {
  const { samples, commands, overview, connected, failure } = useLive();
  if (!overview) {
    return <><h1>Overview</h1><Empty>{failure || 'Reading the figures…'}</Empty></>;
  }
  const last = samples.at(-1);
  const lookups = overview.total_hits + overview.total_misses;
  const keys = overview.databases.reduce((sum, each) => sum + each.keys, 0);
  return (
    <>
      <div class="head">
        <h1>Overview</h1>
        <div class="facts">
          <span>{overview.product} {overview.product === 'Holdfast' ? '(as Valkey ' + overview.version + ')' : overview.version}</span>
          <span>{overview.role}</span>
          <span>up {span(overview.uptime_seconds)}</span>
          <Badge kind={connected ? 'good' : 'warn'}>{connected ? 'live' : 'reconnecting'}</Badge>
        </div>
      </div>
      <Findings findings={overview.findings} />
      <div class="tiles">
        <Tile label="Commands / s" value={last ? compact(last.commands) : '–'} under={last ? 'p99 ' + (last.p99 ? '≤ ' + micros(last.p99) : '–') : ''} />
        <Tile label="Keys" value={compact(keys)} under={number(overview.databases.reduce((sum, each) => sum + each.expiring, 0)) + ' with a time to live'} />
        <Tile label="Memory" value={bytes(last?.memory ?? overview.memory)}
          under={overview.memory_limit ? 'of ' + bytes(overview.memory_limit) + ', ' + overview.memory_policy : 'no limit; peak ' + bytes(overview.memory_peak)} />
        <Tile label="Hit rate" value={last && last.hit_rate !== null ? percent(last.hit_rate) : lookups ? percent(overview.total_hits / lookups) : '–'}
          under={lookups ? (last?.hit_rate !== null ? percent(overview.total_hits / lookups) + ' since the start' : 'since the start') : 'no lookups yet'} />
        <Tile label="Clients" value={number(last?.clients ?? overview.clients)} under={(last?.blocked ?? 0) + ' waiting, at most ' + number(overview.clients_limit)} />
        <Tile label="Replicas" value={overview.replicas} under={overview.role === 'replica' ? 'this is a replica' : 'of this primary'} />
      </div>
      <div class="grid charts">
        <Chart title="Commands per second" samples={samples} format={compact} series={[{ label: 'commands', stroke: '--series-1', of: s => s.commands }]} />
        <Chart title="Time a command takes" samples={samples} format={micros} series={[
          { label: 'p50', stroke: '--series-1', of: s => s.p50 }, { label: 'p99', stroke: '--series-2', of: s => s.p99 }, { label: 'p99.9', stroke: '--series-3', of: s => s.p999 }]} />
        <Chart title="Memory" bytes samples={samples} format={bytes} series={[
          { label: 'data', stroke: '--series-1', of: s => s.memory }, { label: 'process', stroke: '--series-2', of: s => s.resident }]} />
        <Chart title="Hit rate" samples={samples} format={percent} max={1.05} series={[{ label: 'hits', stroke: '--series-1', of: s => s.hit_rate }]} />
        <Chart title="Clients" samples={samples} format={compact} series={[
          { label: 'connected', stroke: '--series-1', of: s => s.clients }, { label: 'waiting', stroke: '--series-2', of: s => s.blocked }]} />
        <Chart title="Network per second" bytes samples={samples} format={bytes} series={[
          { label: 'in', stroke: '--series-1', of: s => s.in }, { label: 'out', stroke: '--series-2', of: s => s.out }]} />
      </div>
      <div class="grid charts three">
        <Card title="Commands of the last second" flush>
          {commands.length === 0 ? <Empty>No commands.</Empty> : <Table label="Commands of the last second" rows={commands} keyOf={c => c.command} columns={[
            { title: 'Command', cell: c => <code>{c.command}</code> },
            { title: 'Calls', num: true, cell: c => compact(c.calls) },
            { title: 'Each', num: true, cell: c => micros(c.micros) },
            { title: 'Share of time', num: true, cell: c => percent(c.share) }]} />}
        </Card>
        <Card title="Databases" flush>
          <Table label="Databases" rows={overview.databases} keyOf={d => d.db} columns={[
            { title: 'Database', cell: d => <a href={href('keys', { db: d.db || undefined })}>{d.db}</a> },
            { title: 'Keys', num: true, cell: d => number(d.keys) },
            { title: 'With a time to live', num: true, cell: d => number(d.expiring) }]} />
        </Card>
        <Card title="Persistence">
          <dl class="facts-list">
            <dt>Append-only file</dt><dd>{overview.persistence.append_only_file ? 'on' : 'off'}</dd>
            <dt>Last snapshot</dt><dd>{overview.persistence.last_snapshot_seconds > 0 ? span(Date.now() / 1000 - overview.persistence.last_snapshot_seconds) + ' ago' : 'none'}</dd>
            <dt>Changes since</dt><dd>{number(overview.persistence.changes_since_snapshot)}</dd>
          </dl>
        </Card>
      </div>
    </>
  );
}
