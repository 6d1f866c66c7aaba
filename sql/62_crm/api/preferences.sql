-- What a customer usually wants, and the slots that follow from it.

-- A slot of the service that somebody usually books.
create type public.preferred_slot as (
    service_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    resource_ids uuid [],
    remaining integer
);
comment on type public.preferred_slot is
'A free start of the service that somebody usually books, as preferred_slots returns it: a slot of '
'available_slots with its service.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_customer_preferences(
    customer_id public.identifier,
    resource_id public.identifier default null,
    service_id public.identifier default null
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.set_preferences(
        private.to_identifier(set_customer_preferences.customer_id, 'customer_id'),
        private.to_identifier(
            set_customer_preferences.resource_id, 'resource_id', is_required => false
        ),
        private.to_identifier(
            set_customer_preferences.service_id, 'service_id', is_required => false
        )
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.set_customer_preferences(
    public.identifier, public.identifier, public.identifier
)
to anon, authenticated, service_role;

comment on function public.set_customer_preferences is
'Write down whom and what a customer usually wants, also of one without an account. Returns the '
'customer.

Bookings of services with prefers_known_staff get the resource first, also those that a member '
'makes with book_for under the e-mail address or phone number of the customer. What the account '
'prefers by its own word goes before. For members who serve customers.

- customer_id: the customer.
- resource_id: whom they want; without it, nobody in particular.
- service_id: what they usually book; without it, nothing in particular.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 not_bookable · PT422 too_many_rows
 */
create function public.preferred_slots(
    business_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    customer_id public.identifier default null
)
returns setof public.preferred_slot
language plpgsql
stable
security invoker
set search_path = ''
rows 500
as $$
declare
    v_wanted record = crm.preferred_selection(
        private.to_identifier(preferred_slots.business_id, 'business_id'),
        private.to_identifier(preferred_slots.customer_id, 'customer_id', is_required => false)
    );
begin
    if v_wanted.service_id is null then
        return;
    end if;
    return query
    select
        v_wanted.service_id::uuid, slots.starts_at, slots.ends_at, slots.resource_ids,
        slots.remaining
    from public.available_slots(
        v_wanted.service_id::text, preferred_slots.from_at, preferred_slots.to_at,
        v_wanted.resource_id::text
    ) as slots;
end;
$$;
grant execute on function public.preferred_slots(
    public.identifier, public.instant, public.instant, public.identifier
)
to anon, authenticated, service_role;

comment on function public.preferred_slots is
'Return the slots of what somebody usually books in a business, as available_slots does: the '
'service and the resource that they prefer are its defaults.

The service is the one of set_preferred_service, else of set_customer_preferences, else of their '
'latest completed booking; the resource is the one of set_preferred_resource, else of '
'set_customer_preferences, if it provides this service. There are no rows when no service is '
'known.

- business_id: the business.
- from_at, to_at: as in available_slots, at most 62 days.
- customer_id: the customer, for members who serve customers; without it, the caller.

Errors: forbidden 403, invalid_input 400, not_bookable 409, not_found 404, not_signed_in 401, '
'too_many_rows 422.';
