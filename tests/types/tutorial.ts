// Code as Supabase's tutorials and guides have it: helpers of the generated types, hooks, uploads of rows.
import { createClient, type QueryData, type QueryError, type User } from "@supabase/supabase-js"
import { Constants, type Database, type Enums, type Tables, type TablesInsert, type TablesUpdate } from "./database"

const supabase = createClient<Database>("http://127.0.0.1:54321", "key")

type Address = Tables<"addresses">
type Booking = Tables<"bookings">
type Service = Database["public"]["Tables"]["services"]["Row"]
type NewService = Database["public"]["Tables"]["services"]["Insert"]
type Status = Enums<"booking_status">

// The quickstart: a page that lists rows.
export async function Instruments(): Promise<Service[] | null> {
  const { data: instruments } = await supabase.from("services").select()
  return instruments
}

// User management: read and change the profile of who is signed in.
export async function getProfile(user: User): Promise<string | null> {
  const { data, error, status } = await supabase
    .from("profiles")
    .select(`full_name, phone, locale`)
    .eq("id", user.id)
    .single()
  if (error && status !== 406) throw error
  return data && data.full_name
}

export async function updateProfile(user: User, full_name: string): Promise<void> {
  const updates: TablesUpdate<"profiles"> = { full_name }
  const { error } = await supabase.from("profiles").update(updates).eq("id", user.id)
  if (error) throw error
}

// The todo list: add, toggle, delete.
export async function addAddress(text: string, user: User): Promise<Address> {
  const row: TablesInsert<"addresses"> = {
    user_id: user.id, recipient: "Ada", line1: text, city: "Berlin", postal_code: "10115", country: "DE",
  }
  const { data: address, error } = await supabase.from("addresses").insert(row).select().single()
  if (error) throw error
  return address
}

export async function toggle(address: Address): Promise<Address[]> {
  await supabase.from("addresses").delete().eq("id", "x").throwOnError()
  const { data } = await supabase
    .from("addresses")
    .update({ is_default: !address.is_default })
    .eq("id", address.id)
    .throwOnError()
    .select()
  return data
}

// Bulk inserts and upserts.
export async function addServices(rows: NewService[]): Promise<void> {
  await supabase.from("services").insert(rows, { defaultToNull: false })
  await supabase.from("services").upsert(rows, { onConflict: "id", ignoreDuplicates: true })
}

// The guide on types: QueryData of a joined query.
const bookingsWithItems = supabase.from("bookings").select(`
  id, status, starts_at,
  businesses ( name, time_zone ),
  booking_items ( service_name, price_minor )
`)
type BookingsWithItems = QueryData<typeof bookingsWithItems>

export async function upcoming(): Promise<BookingsWithItems> {
  const { data, error } = await bookingsWithItems
  if (error) {
    const failed: QueryError = error
    throw failed
  }
  return data
}

// Values of an enum, for a select element.
export const options: { value: Status; label: string }[] = Constants.public.Enums.booking_status.map(
  (value) => ({ value, label: value }),
)
export const isOver = (booking: Booking): boolean =>
  (["completed", "cancelled"] satisfies Status[] as Status[]).includes(booking.status)

// @ts-expect-error nobody inserts bookings
export type NewBooking = TablesInsert<"bookings">
// @ts-expect-error there is no such status
export const wrong: Status = "lost"
