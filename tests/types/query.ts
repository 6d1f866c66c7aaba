// Real queries in the types that `frontdesk gen types` wrote: this compiles, or the types are wrong.
import { createClient } from "@supabase/supabase-js"
import type { Database } from "./database"

const client = createClient<Database>("http://127.0.0.1:54321", "key")

export async function catalogPage(businessId: string): Promise<string[]> {
  const { data, error } = await client
    .from("services")
    .select("id, name, price_minor, currency, businesses(name, time_zone), service_addons(name)")
    .eq("business_id", businessId)
    .order("name")
    .range(0, 9)
  if (error) throw error
  return data.map((service) => {
    const price: number = service.price_minor
    const zone: string = service.businesses.time_zone
    const addons: string[] = service.service_addons.map((addon) => addon.name)
    return `${service.name} ${price} ${service.currency} ${zone} ${addons.join()}`
  })
}

export async function bookFirst(serviceId: string): Promise<string> {
  const slots = await client.rpc("available_slots", {
    service_id: serviceId,
    from_at: "2031-03-30T00:00:00Z",
    to_at: "2031-03-31T00:00:00Z",
    party_size: 2,
  })
  if (slots.error) throw slots.error
  const [slot] = slots.data
  const [first]: string[] = slot.resource_ids
  const booking = await client.rpc("book", {
    service_id: serviceId,
    starts_at: slot.starts_at,
    resource_id: first,
    hold: true,
  })
  if (booking.error) throw booking.error
  const status: Database["public"]["Views"]["bookings"]["Row"]["status"] = booking.data.status
  return status
}

export async function freeDates(serviceId: string): Promise<string[]> {
  const dates = await client.rpc("date_availability", {
    service_id: serviceId,
    from_on: "2031-03-01",
    to_on: "2031-03-31",
  })
  if (dates.error) throw dates.error
  // @ts-expect-error a date that is full has no first start
  dates.data.map((date) => date.first_start_at.slice(11))
  return dates.data.filter((date) => date.is_free).map((date) => `${date.date} ${date.start_count + 1}`)
}

export async function whoHasTime(): Promise<string[]> {
  const found = await client.rpc("search_availability", {
    from_at: "2031-03-30T15:00:00Z",
    to_at: "2031-03-30T16:00:00Z",
    near: { latitude: 52.52, longitude: 13.405 },
    limit: 5,
  })
  if (found.error) throw found.error
  // @ts-expect-error without a place there is no distance
  found.data.map((business) => business.distance_km.toFixed())
  return found.data.map((business) => `${business.name} ${business.slots[0].starts_at}`)
}

export async function whatWasAnswered(serviceId: string, startsAt: string): Promise<string | undefined> {
  const booking = await client
    .rpc("book", { service_id: serviceId, starts_at: startsAt, answers: { allergies: "none" } })
    .select("reference, businesses(name)")
  return booking.data?.businesses.name
}

export async function rename(id: string): Promise<void> {
  await client.from("resources").update({ name: "Room 1" }).eq("id", id)
  await client.from("closures").select("starts_on, ends_on")
  // @ts-expect-error a price is a number
  await client.from("services").update({ price_minor: "twelve" }).eq("id", id)
  // @ts-expect-error bookings are made by functions
  await client.from("bookings").insert({ notes: "mine" })
  // @ts-expect-error who created a row is not for clients to say
  await client.from("closures").insert({ business_id: id, starts_on: "x", ends_on: "y", reason: "z", secret: 1 })
  // @ts-expect-error there is no such view
  await client.from("secrets").select()
  // @ts-expect-error a booking needs a service
  await client.rpc("book", { starts_at: "2031-03-30T00:00:00Z" })
}
