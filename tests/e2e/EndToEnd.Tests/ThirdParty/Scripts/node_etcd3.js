// etcd3 (npm, gRPC) against one endpoint: `node node_etcd3.js HOST:PORT PREFIX`. Ends with 0 when every answer was right.
const assert = require('assert');
const { Etcd3, EtcdLockFailedError } = require('etcd3');

const [endpoint, prefix] = process.argv.slice(2);

async function main() {
  const root = new Etcd3({ hosts: endpoint });
  const client = root.namespace(prefix);

  assert.strictEqual(await client.get('none').string(), null);
  await client.put('a').value('1');
  await client.put('b').value(2);
  assert.strictEqual(await client.get('a').string(), '1');
  assert.strictEqual(await client.get('b').number(), 2);
  assert.deepStrictEqual(await client.getAll().strings(), { a: '1', b: '2' });
  assert.deepStrictEqual(await client.getAll().sort('Key', 'Descend').limit(1).keys(), ['b']);
  assert.strictEqual(await client.getAll().count(), 2);
  assert.strictEqual(await client.get('a').exists(), true);
  assert.strictEqual((await client.put('a').value('3').getPrevious()).value.toString(), '1');
  const won = await client.if('a', 'Value', '==', '3').then(client.put('t').value('yes')).else(client.put('t').value('no')).commit();
  assert.strictEqual(won.succeeded, true);
  assert.strictEqual(await client.get('t').string(), 'yes');
  await client.stm().transact(async tx => tx.put('sum').value(Number(await tx.get('b')) + 1));
  assert.strictEqual(await client.get('sum').number(), 3);
  assert.strictEqual(Number((await client.delete().key('t')).deleted), 1);

  const lease = client.lease(60);
  await lease.put('leased').value('x');
  await lease.keepaliveOnce();
  await lease.revoke();
  assert.strictEqual(await client.get('leased').string(), null);

  const watcher = await client.watch().prefix('w/').create();
  const heard = new Promise((resolve, reject) => {
    const events = [];
    const note = kind => event => { events.push([kind, event.key.toString(), event.value.toString()]); if (events.length === 2) resolve(events); };
    watcher.on('put', note('put')).on('delete', note('delete')).on('error', reject);
  });
  await client.put('w/1').value('one');
  await client.delete().key('w/1');
  assert.deepStrictEqual(await heard, [['put', 'w/1', 'one'], ['delete', 'w/1', '']]);
  await watcher.cancel();

  const lock = await client.lock('lock').ttl(30).acquire();
  await assert.rejects(client.lock('lock').ttl(30).acquire(), EtcdLockFailedError);
  await lock.release();
  await client.lock('lock').ttl(30).do(async () => {});

  const election = client.election('chief', 30);
  const campaign = election.campaign('me');
  await new Promise((resolve, reject) => campaign.on('elected', resolve).on('error', reject));
  assert.strictEqual(await election.leader(), 'me');
  await campaign.resign();

  assert.ok((await root.maintenance.status()).version.startsWith('3.5'));
  assert.ok((await root.cluster.memberList({})).members.length > 0);
  await client.delete().all();
  root.close();
  console.log('ok');
}

main().catch(error => { console.error(error); process.exit(1); });
