// node-etcd (npm, v2) against one endpoint: `node node_etcd.js URL PREFIX`. Ends with 0 when every answer was right.
const assert = require('assert');
const Etcd = require('node-etcd');

const [endpoint, prefix] = process.argv.slice(2);
const etcd = new Etcd(endpoint);
const key = name => `/${prefix}/${name}`;
const call = (method, ...rest) => new Promise((resolve, reject) => etcd[method](...rest, (error, body) => error ? reject(error) : resolve(body)));

async function main() {
  await assert.rejects(call('get', key('none')), error => error.errorCode === 100);
  assert.strictEqual((await call('set', key('a'), '1')).action, 'set');
  assert.strictEqual((await call('get', key('a'))).node.value, '1');
  assert.strictEqual((await call('compareAndSwap', key('a'), '2', '1')).action, 'compareAndSwap');
  await assert.rejects(call('compareAndSwap', key('a'), '3', '1'), error => error.errorCode === 101);
  assert.strictEqual((await call('set', key('t'), 'x', { ttl: 60 })).node.ttl, 60);
  await call('mkdir', key('dir'));
  const created = [await call('create', key('dir'), 'first'), await call('create', key('dir'), 'second')];
  const sorted = await call('get', key('dir'), { recursive: true, sorted: true });
  assert.deepStrictEqual(sorted.node.nodes.map(node => node.key), created.map(answer => answer.node.key));

  const index = created[1].node.modifiedIndex;
  assert.strictEqual((await call('watchIndex', key('dir'), index, { recursive: true })).node.value, 'second');
  const watcher = etcd.watcher(key('w'), index + 1);
  const heard = new Promise((resolve, reject) => {
    const values = [];
    watcher.on('change', body => { values.push(body.node.value); if (values.length === 2) resolve(values); }).on('error', reject);
  });
  await call('set', key('w'), 'one');
  await call('set', key('w'), 'two');
  assert.deepStrictEqual(await heard, ['one', 'two']);
  watcher.stop();

  assert.strictEqual((await call('compareAndDelete', key('a'), '2')).action, 'compareAndDelete');
  assert.strictEqual((await call('rmdir', `/${prefix}`, { recursive: true })).action, 'delete');
  console.log('ok');
  process.exit(0);
}

main().catch(error => { console.error(error); process.exit(1); });
