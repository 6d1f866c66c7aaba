-- The waitlist, as customers use it: they join, see their place and what is offered, accept or
-- leave. Each function reads its arguments and calls one function of the domain.

create view public.waitlist_entries
with (security_invoker = true)
as
select
    waitlist_entries.id,
    waitlist_entries.business_id,
    waitlist_entries.service_id,
    waitlist_entries.resource_id,
    waitlist_entries.customer_id,
    lower(waitlist_entries.during) as from_at,
    upper(waitlist_entries.during) as to_at,
    waitlist_entries.party_size,
    case
        when waitlist_entries.status <> 'waiting' then waitlist_entries.status::text
        when offered.expires_at is not null then 'offered'
        when upper(waitlist_entries.during) <= private.now() then 'expired'
        else 'waiting'
    end as status,
    offered.starts_at as offered_starts_at,
    offered.expires_at as offer_expires_at,
    waitlist_entries.booking_id,
    waitlist_entries.created_at
from scheduling.waitlist_entries
left join lateral (
    select
        waitlist_offers.starts_at,
        waitlist_offers.expires_at
    from scheduling.waitlist_offers
    where
        waitlist_entries.status = 'waiting'
        and waitlist_entries.business_id = waitlist_offers.business_id
        and waitlist_entries.id = waitlist_offers.entry_id
        and waitlist_offers.opens_at <= private.now()
        and waitlist_offers.expires_at > private.now()
    order by waitlist_offers.opens_at, waitlist_offers.booking_id
    limit 1
) as offered on true;
grant select on public.waitlist_entries to authenticated, service_role;

comment on view public.waitlist_entries is
'Customers who wait for a time that is taken.

Customers see their own entries, members those of their business. Written only by join_waitlist, '
'accept_waitlist_offer and leave_waitlist.';
comment on column public.waitlist_entries.id is 'Primary key.';
comment on column public.waitlist_entries.business_id is 'The business.';
comment on column public.waitlist_entries.service_id is 'The service.';
comment on column public.waitlist_entries.resource_id is 'The wanted resource; null for any.';
comment on column public.waitlist_entries.customer_id is 'The customer who waits.';
comment on column public.waitlist_entries.from_at is 'The earliest start, included.';
comment on column public.waitlist_entries.to_at is 'The latest start, excluded.';
comment on column public.waitlist_entries.party_size is 'Number of guests.';
comment on column public.waitlist_entries.status is
'waiting; offered, while it is this entry''s turn to accept; accepted; left; expired, when its '
'window is over.';
comment on column public.waitlist_entries.offered_starts_at is
'The start that is offered now, or null.';
comment on column public.waitlist_entries.offer_expires_at is
'When the turn ends and the offer passes on, or null.';
comment on column public.waitlist_entries.booking_id is
'The booking after the offer was accepted, or null.';
comment on column public.waitlist_entries.created_at is 'When the customer joined.';

/*
 * Return an entry as the caller may see it.
 */
create function scheduling.seen_entry(entry_id uuid)
returns public.waitlist_entries
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_entry public.waitlist_entries;
begin
    select waitlist_entries.* into v_entry
    from public.waitlist_entries
    where waitlist_entries.id = seen_entry.entry_id;
    return v_entry;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 *          PT409 already_waiting available_now not_bookable
 *          PT422 limit_reached not_eligible outside_hours too_far too_soon
 */
create function public.join_waitlist(
    service_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1'
)
returns public.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_id uuid;
begin
    if v_to <= v_from or v_to > v_from + interval '62 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 62 days later');
    end if;
    v_id = scheduling.join_waitlist(
        v_service_id,
        tstzrange(v_from, v_to),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        scheduling.to_party_size(party_size)
    );
    return scheduling.seen_entry(v_id);
end;
$$;
comment on function public.join_waitlist is
'Wait for a start of a service from from_at (included) to to_at (excluded), at most 62 days.

A time that becomes free is held and offered to the waiting entries that it can serve, in order, '
'each for the service''s offer_minutes. During the turn, available_slots shows the time to the '
'customer, and book takes it as accept_waitlist_offer does. Returns the entry.

Errors: invalid_input 400, not_signed_in 401, customer_blocked 403, not_found 404, '
'already_waiting 409, available_now 409, not_bookable 409, limit_reached 422, not_eligible 422, '
'outside_hours 422, too_far 422, '
'too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 invalid_transition offer_expired price_changed terms_not_accepted
 *          PT422 limit_reached
 */
create function public.accept_waitlist_offer(entry_id public.identifier)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.accept_offer(private.to_identifier(entry_id, 'entry_id'));
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.accept_waitlist_offer is
'Accept the offer of a waitlist entry.

Its hold becomes the booking (a request if the service requires confirmation). Repeating the call '
'returns the same booking. Returns the booking.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409, offer_expired '
'409, price_changed 409, terms_not_accepted 409, limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function public.leave_waitlist(entry_id public.identifier)
returns public.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(entry_id, 'entry_id');
begin
    perform scheduling.leave_waitlist(v_id);
    return scheduling.seen_entry(v_id);
end;
$$;
comment on function public.leave_waitlist is
'Leave the waitlist.

An offer passes on at once to the next entry that it can serve. Returns the entry.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';
grant execute on function
scheduling.seen_entry(uuid),
public.join_waitlist(
    public.identifier, public.instant, public.instant, public.identifier,
    public.whole_number
),
public.accept_waitlist_offer(public.identifier),
public.leave_waitlist(public.identifier)
to anon, authenticated, service_role;
