// The unmodified realtime-js, as supabase-js has it: each method once with success and once with its error.
import assert from 'node:assert/strict'
import { createClient } from '@supabase/supabase-js'

const { url, key, token, refreshed, expired, name, vsn } = JSON.parse(process.argv[2])
console.warn = () => {}
const as = (accessToken, options = {}) =>
  createClient(url, key, { realtime: { vsn, ...options }, ...(accessToken ? { accessToken: async () => accessToken } : {}) })

// A list that can be waited for: `next` gives what came, or comes, first.
const inbox = () => {
  const came = [], waiting = []
  return {
    put: (value) => (waiting.length ? waiting.shift()(value) : came.push(value)),
    next: () => (came.length ? Promise.resolve(came.shift()) : new Promise((go) => waiting.push(go))),
    get size() { return came.length },
  }
}
// Subscribes, and returns the channel with an inbox of its states.
const subscribed = async (channel, expected = 'SUBSCRIBED') => {
  const states = inbox()
  channel.subscribe((state, error) => states.put({ state, error: error?.message }))
  const first = await states.next()
  assert.equal(first.state, expected, first.error)
  return Object.assign(channel, { states, firstError: first.error })
}

const [anyone, other, user] = [as(), as(), as(token)]
const room = `room-${name}-${vsn}`

// subscribe, on, send: what one sends the others get, and itself if it wants to.
const got = { sender: inbox(), listener: inbox() }
const sender = await subscribed(anyone.channel(room, { config: { broadcast: { self: true, ack: true } } })
  .on('broadcast', { event: '*' }, got.sender.put))
const listener = await subscribed(other.channel(room).on('broadcast', { event: 'news' }, got.listener.put))
assert.equal(await sender.send({ type: 'broadcast', event: 'news', payload: { text: 'Grüße 日本' } }), 'ok')
for (const who of [got.sender, got.listener]) {
  assert.deepEqual(await who.next(), { type: 'broadcast', event: 'news', payload: { text: 'Grüße 日本' } })
}
assert.equal(await sender.send({ type: 'broadcast', event: 'large', payload: { text: 'x'.repeat(3_200_000) } }), 'error')
assert.equal(await listener.send({ type: 'broadcast', event: 'news', payload: {} }), 'ok')
assert.deepEqual((await got.sender.next()).payload, {})
if (vsn === '2.0.0') {
  await sender.send({ type: 'broadcast', event: 'news', payload: new Uint8Array([0, 255, 7]).buffer })
  assert.deepEqual([...new Uint8Array((await got.listener.next()).payload)], [0, 255, 7])
  await got.sender.next()
}
assert.equal(got.listener.size, 0)

// httpSend, and send before the join, which goes the same way.
assert.deepEqual(await sender.httpSend('news', { by: 'http' }), { success: true })
assert.deepEqual((await got.listener.next()).payload, { by: 'http' })
await assert.rejects(anyone.channel(`${name}:write`, { config: { private: true } }).httpSend('news', {}), /permissions to write/)
assert.equal(await as().channel(room).send({ type: 'broadcast', event: 'news', payload: { by: 'rest' } }), 'ok')
assert.deepEqual((await got.listener.next()).payload, { by: 'rest' })
assert.equal(await as('no token').channel(room).send({ type: 'broadcast', event: 'news', payload: {} }), 'error')

// track, presenceState, untrack.
const seen = { join: inbox(), leave: inbox(), sync: inbox() }
const watcher = await subscribed(other.channel(`${room}-presence`, { config: { presence: { key: 'watcher' } } })
  .on('presence', { event: 'join' }, seen.join.put).on('presence', { event: 'leave' }, seen.leave.put)
  .on('presence', { event: 'sync' }, () => seen.sync.put(true)))
await seen.sync.next()
assert.deepEqual(watcher.presenceState(), {})
const here = await subscribed(anyone.channel(`${room}-presence`, { config: { presence: { key: 'ada' } } }))
assert.equal(await here.track({ mood: 'fine' }), 'ok')
const joined = await seen.join.next()
assert.deepEqual([joined.key, joined.newPresences[0].mood], ['ada', 'fine'])
await seen.sync.next()
assert.deepEqual(Object.keys(watcher.presenceState()), ['ada'])
assert.equal(await here.track({ mood: 'better' }), 'ok')
assert.equal((await seen.join.next()).newPresences[0].mood, 'better')
assert.equal((await seen.leave.next()).leftPresences[0].mood, 'fine')
assert.equal(await here.track('no map'), 'error')
assert.equal(await here.untrack(), 'ok')
assert.equal((await seen.leave.next()).leftPresences[0].mood, 'better')

// Private channels: read, write, and neither.
const quiet = await subscribed(user.channel(`${name}:read`, { config: { private: true, broadcast: { ack: true } } }))
assert.equal(await quiet.track({}), 'error')
assert.equal(await quiet.send({ type: 'broadcast', event: 'x', payload: {} }, { timeout: 300 }), 'timed out')
const heard = inbox()
const open = await subscribed(user.channel(`${name}:write`, { config: { private: true, broadcast: { ack: true, self: true } } })
  .on('broadcast', { event: '*' }, heard.put))
assert.equal(await open.send({ type: 'broadcast', event: 'x', payload: { n: 1 } }), 'ok')
assert.deepEqual((await heard.next()).payload, { n: 1 })
assert.deepEqual(await open.httpSend('y', { n: 2 }), { success: true })
assert.deepEqual((await heard.next()).payload, { n: 2 })
for (const [client, topic] of [[user, `${name}:none`], [anyone, `${name}:read`]]) {
  const refused = await subscribed(client.channel(topic, { config: { private: true } }), 'CHANNEL_ERROR')
  assert.equal(refused.firstError, `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`)
  await client.removeChannel(refused)
}

// replay: what the database stored is sent to somebody who joins later, and marked; only in private channels.
const since = Date.now() - 60_000
assert.deepEqual(await open.httpSend('not stored', {}), { success: true })
await heard.next()
const kept = inbox()
const replay = { since, limit: 2 }
const newcomer = as(token)
await newcomer.realtime.setAuth()
const later = await subscribed(newcomer.channel(`${name}:read`, { config: { private: true, broadcast: { replay } } })
  .on('broadcast', { event: `stored-${vsn}` }, kept.put))
for (const n of [2, 3]) {
  const { event, payload, meta } = await kept.next()
  assert.deepEqual([event, payload.n, meta.replayed, meta.id], [`stored-${vsn}`, n, true, payload.id])
}
assert.equal(later.state, 'joined')
const greedy = { private: true, broadcast: { replay: { since, limit: 26 } } }
const hasty = await subscribed(newcomer.channel(`${name}:write`, { config: greedy }), 'CHANNEL_ERROR')
assert.match(hasty.firstError, /Replay params are not valid/)

// setAuth: a fresh token changes nothing, an expired one ends the channel in words.
const said = inbox()
const holder = as()
await holder.realtime.setAuth(token)
const signed = await subscribed(holder.channel(`${name}:write`, { config: { private: true, broadcast: { self: true } } })
  .on('broadcast', { event: '*' }, heard.put).on('system', {}, said.put))
await holder.realtime.setAuth(refreshed)
await signed.send({ type: 'broadcast', event: 'z', payload: { n: 3 } })
assert.deepEqual((await heard.next()).payload, { n: 3 })
await holder.realtime.setAuth(expired)
const { status, message, extension } = await said.next()
assert.deepEqual([status, extension], ['error', 'system'])
assert.match(message, /^Token has expired \d+ seconds ago$/)
assert.equal((await signed.states.next()).state, 'CLOSED')
const late = await subscribed(holder.channel(`${name}:read`, { config: { private: true } }), 'CHANNEL_ERROR')
assert.match(late.firstError, /^InvalidJWTToken: Token has expired/)
await holder.realtime.disconnect()

// connect, getChannels, connectionState: also before and without a channel.
const early = as()
assert.deepEqual([early.getChannels(), early.realtime.isConnected(), early.realtime.connectionState()], [[], false, 'closed'])
early.realtime.connect()
assert.equal(early.realtime.isConnecting(), true)
while (!early.realtime.isConnected()) await new Promise((go) => setTimeout(go, 10))
early.channel(room)
assert.deepEqual(early.getChannels().map((each) => each.topic), [`realtime:${room}`])
assert.equal(await early.realtime.disconnect(), 'ok')

// Heartbeats.
const beats = inbox()
anyone.realtime.onHeartbeat((state) => beats.put(state))
await anyone.realtime.sendHeartbeat()
assert.deepEqual([await beats.next(), await beats.next()], ['sent', 'ok'])

// unsubscribe, removeChannel, removeAllChannels, disconnect.
assert.equal(await listener.unsubscribe(), 'ok')
assert.equal((await listener.states.next()).state, 'CLOSED')
assert.equal(await anyone.removeChannel(here), 'ok')
assert.deepEqual(await user.removeAllChannels(), ['ok', 'ok', 'ok'].slice(0, 2))
assert.equal(user.realtime.isConnected(), false)
assert.equal(anyone.realtime.connectionState(), 'open')
assert.equal(anyone.realtime.isConnected(), true)
await anyone.realtime.disconnect()
assert.equal(anyone.realtime.isConnected(), false)

// connect with a key of somebody else.
const stranger = createClient(url, 'no key', { realtime: { vsn } })
await subscribed(stranger.channel(room), 'CHANNEL_ERROR')
console.log(JSON.stringify({ done: true }))
process.exit(0)
