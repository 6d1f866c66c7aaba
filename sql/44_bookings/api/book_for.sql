-- How members of a business book for callers and walk-ins.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict not_bookable price_changed slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_soon
 */
create function public.book_for(
    service_id public.identifier,
    starts_at public.instant,
    customer_name text,
    customer_email text default null,
    customer_phone text default null,
    override public.list default null,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    notes text default null,
    idempotency_key text default null,
    answers public.object default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer identity.profiles;
begin
    perform private.token_user_id();
    v_customer.full_name = private.to_required_text(customer_name, 'customer_name', 200);
    v_customer.email = private.to_email(customer_email, 'customer_email');
    v_customer.phone = private.to_phone(customer_phone, 'customer_phone');
    return scheduling.book_for_once(
        scheduling.to_selection(
            service_id, starts_at, resource_id, party_size, addon_ids, answers
        ),
        v_customer,
        private.to_text(notes, 'notes', 2000),
        scheduling.to_overrides(override),
        idempotency_key
    );
end;
$$;
comment on function public.book_for is
'Book for a caller or a walk-in, as a member of the business.

For owners, managers and staff. The booking is confirmed at once, also where the service requires '
'confirmation. The customer needs no account and is notified at the given contact; without one '
'they are not notified. The other arguments are those of book. Returns the booking.

- customer_name: at most 200 characters.
- customer_email, customer_phone: the contact, unverified; the phone number such as +491701234567.
- override: rules that may be set aside for this start: notice (and the first date; up to a day '
'back), advance (and the last date), and for owners and managers hours (and steps), closures (and '
'blocked time), limits. booking_history records those that the start breaks. Time that is taken is '
'never set aside.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, not_bookable 409, price_changed 409, slot_taken 409, blocked_out 422, limit_reached 422, '
'not_eligible 422, outside_hours 422, too_far 422, too_soon 422.';

grant execute on function
public.book_for(
    public.identifier, public.instant, text, text, text, public.list, public.identifier,
    public.whole_number, public.list, text, text, public.object
)
to anon, authenticated, service_role;
