// The unmodified supabase-js with default options, as a frontend uses it. Prints one JSON object.
import assert from 'node:assert/strict'
import { createClient } from '@supabase/supabase-js'

const { url, key, ownerToken, customerToken, rivalToken, business, service, booking } = JSON.parse(process.argv[2])
const as = (token) => createClient(url, key, token ? { accessToken: async () => token } : {})
const [anyone, owner, customer, rival] = [as(), as(ownerToken), as(customerToken), as(rivalToken)]
const ok = ({ data, error, ...rest }) => (assert.equal(error, null, JSON.stringify(error)), { data, ...rest })

// Embedding, filters, ordering.
const { data: services } = ok(await anyone.from('services')
  .select('id, name, price_minor, businesses(name, time_zone), service_addons(name)')
  .eq('business_id', business).gte('price_minor', 0).order('price_minor', { ascending: false }))
assert.equal(services[0].businesses.time_zone, 'Europe/Berlin')

const { data: bookings } = ok(await customer.from('bookings')
  .select('*, booking_items(service_name, services(name)), businesses(name)').eq('id', booking).single())
assert.equal(bookings.booking_items[0].services.name, 'Cut')

// Ranges with counts, heads, one or none.
const page = ok(await anyone.from('currencies').select('code', { count: 'exact' }).order('code').range(10, 19))
assert.equal(page.data.length, 10)
assert.ok(page.count > 100)
assert.equal(ok(await anyone.from('currencies').select('*', { count: 'exact', head: true })).count, page.count)
assert.equal(ok(await customer.from('bookings').select('id').eq('reference', 'NOTTHERE').maybeSingle()).data, null)
assert.equal((await customer.from('bookings').select('id').eq('reference', 'NOTTHERE').single()).error.code, 'PGRST116')

// The owner's catalog: insert, update, upsert, delete.
const { data: category } = ok(await owner.from('service_categories')
  .insert({ business_id: business, name: 'From JavaScript' }).select().single())
ok(await owner.from('service_categories').update({ position: 7 }).eq('id', category.id))
const { data: upserted } = ok(await owner.from('service_categories')
  .upsert({ id: category.id, business_id: business, name: 'Renamed' }).select().single())
assert.deepEqual([upserted.name, upserted.position], ['Renamed', 7])
assert.equal((await owner.from('service_categories').insert({ business_id: business, name: 'Renamed' })).error.details, 'already_exists')
ok(await owner.from('service_categories').delete().eq('id', category.id))

// Functions, and refusals whose details are the token.
const day = { service_id: service, from_at: '2031-06-02T00:00:00Z', to_at: '2031-06-03T00:00:00Z' }
const { data: slots } = ok(await anyone.rpc('available_slots', day))
const { data: read } = ok(await anyone.rpc('available_slots', day, { get: true }))
assert.deepEqual(read, slots)

// Who has time near me, tomorrow at five.
const tomorrowAtFive = { from_at: '2031-06-02T15:00:00Z', to_at: '2031-06-02T16:00:00Z' }
const near = { latitude: 52.52, longitude: 13.405 }
const { data: found } = ok(await anyone.rpc('search_availability', { ...tomorrowAtFive, near, q: 'cut', limit: 50 }))
const here = found.find((candidate) => candidate.business_id === business)
assert.equal(here.service_id, service)
assert.ok(here.distance_km < 25)
assert.equal(here.slots[0].starts_at, '2031-06-02T15:00:00+00:00')
const { data: again } = ok(await anyone.rpc('search_availability', { ...tomorrowAtFive, near: JSON.stringify(near) }, { get: true }))
assert.ok(again.length > 0)

const wish = { service_id: service, starts_at: slots[0].starts_at }
const { data: booked } = ok(await customer.rpc('book', wish))
assert.equal(booked.status, 'confirmed')
assert.match(booked.reference, /^[2-9A-HJKMNP-Z]{8}$/)
const taken = await rival.rpc('book', wish)
assert.deepEqual([taken.status, taken.error.code, taken.error.details], [409, 'PT409', 'slot_taken'])
assert.ok(taken.error.hint)
const nobody = await anyone.rpc('book', wish)
assert.deepEqual([nobody.status, nobody.error.details], [401, 'not_signed_in'])
const later = { booking_id: booked.id, starts_at: slots.at(-1).starts_at }
assert.equal(ok(await customer.rpc('reschedule_booking', later)).data.reference, booked.reference)
assert.equal((await rival.rpc('cancel_booking', { booking_id: booked.id })).error.details, 'not_found')
assert.equal(ok(await customer.rpc('cancel_booking', { booking_id: booked.id, reason: 'Ill.' })).data.status, 'cancelled')

// What customers may not do.
assert.ok((await customer.from('bookings').update({ total_minor: 0 }).eq('id', booking)).error)
assert.ok((await customer.schema('analytics').from('daily_bookings').select()).error)
console.log(JSON.stringify({ slots: slots.length }))
