-- Who may use guest bookings. Clients cannot read or write the codes of guests: they have no grant
-- on the table. They call the functions below, which check a code, a limit or the account. The
-- worker deletes old codes.

alter table scheduling.guest_codes enable row level security;
grant select, insert, update, delete on scheduling.guest_codes to service_role;
grant execute on function
scheduling.request_guest_booking(scheduling.selection, text, text, text, text),
scheduling.request_guest_code(text, text),
scheduling.act_as_guest(text, text, scheduling.booking_status, text, timestamptz, uuid),
scheduling.claim_guest_bookings()
to anon, authenticated, service_role;
grant execute on function scheduling.forget_old_codes()
to worker;
