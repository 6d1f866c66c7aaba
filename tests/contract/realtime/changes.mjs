// Row changes with the unmodified realtime-js: what the owner of a business sees, what a rival sees, and refusals.
import assert from 'node:assert/strict'
import { createClient } from '@supabase/supabase-js'

const { url, key, ownerToken, rivalToken, business, vsn } = JSON.parse(process.argv[2])
const inbox = () => {
  const came = [], waiting = []
  return {
    put: (value) => (waiting.length ? waiting.shift()(value) : came.push(value)),
    next: () => (came.length ? Promise.resolve(came.shift()) : new Promise((go) => waiting.push(go))),
    get size() { return came.length },
  }
}
const as = async (token) => {
  const client = createClient(url, key, { accessToken: async () => token, realtime: { vsn } })
  await client.realtime.setAuth()
  return client
}
// Returns what comes, after the server has said that it follows, or why not.
const following = async (client, name, ...filters) => {
  const got = inbox(), said = inbox()
  const channel = client.channel(name).on('system', {}, said.put)
  for (const filter of filters) channel.on('postgres_changes', { schema: 'public', ...filter }, got.put)
  await new Promise((go, fail) => channel.subscribe((state, error) => (state === 'SUBSCRIBED' ? go() : fail(error ?? state))))
  const { extension, status, message } = await said.next()
  assert.equal(extension, 'postgres_changes')
  return { got, status, message }
}
const ok = ({ data, error }) => (assert.equal(error, null, JSON.stringify(error)), data)

const [owner, rival] = await Promise.all([as(ownerToken), as(rivalToken)])
const table = 'service_categories'
const all = await following(owner, `all-${vsn}`, { event: '*', table, filter: `business_id=eq.${business}` })
assert.deepEqual([all.status, all.message], ['ok', 'Subscribed to PostgreSQL'])
const updates = await following(owner, `updates-${vsn}`, { event: 'UPDATE', table }, { event: 'UPDATE', table, filter: 'position=gt.100' })
const nothing = await following(rival, `rival-${vsn}`, { event: '*', table: 'bookings' })

const made = ok(await owner.from(table).insert({ business_id: business, name: `Live ${vsn}` }).select().single())
const inserted = await all.got.next()
assert.deepEqual([inserted.eventType, inserted.schema, inserted.table, inserted.errors], ['INSERT', 'public', table, null])
assert.deepEqual([inserted.new.id, inserted.new.name, inserted.new.position], [made.id, `Live ${vsn}`, made.position])
assert.match(inserted.commit_timestamp, /^\d{4}-\d\d-\d\dT/)

ok(await owner.from(table).update({ position: 7 }).eq('id', made.id))
for (const { got } of [all, updates]) {
  const updated = await got.next()
  assert.deepEqual([updated.eventType, updated.new.position, updated.old.id], ['UPDATE', 7, made.id])
}
ok(await owner.from(table).delete().eq('id', made.id))
const deleted = await all.got.next()
assert.deepEqual([deleted.eventType, deleted.old.id, deleted.new], ['DELETE', made.id, {}])
assert.equal(updates.got.size + nothing.got.size, 0)

for (const [n, filter] of [{ event: '*', table: 'no_such_view' }, { event: '*', table, filter: 'no_such_column=eq.1' }].entries()) {
  const refused = await following(owner, `refused-${n}-${vsn}`, filter)
  assert.equal(refused.status, 'error')
  assert.ok(refused.message.includes('no_such'), refused.message)
}
console.log(JSON.stringify({ done: true }))
process.exit(0)
