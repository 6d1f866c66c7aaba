create type public.day_availability as (
    date date,
    total_slots integer,
    available_slots integer,
    total_seats integer,
    free_seats integer
);
comment on type public.day_availability is
'A date in the business''s zone: sessions of a class (null for other services), free starts and '
'seats. May be null: total_slots, total_seats, free_seats.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable
 */
create function public.date_availability(
    service_id public.identifier,
    from_date text,
    to_date text,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    link_token text default null
)
returns setof public.day_availability
language plpgsql
stable
security invoker
set search_path = ''
rows 31
as $$
declare
    v_first date = private.to_date(private.to_required_text(from_date, 'from_date', 20), 'from_date');
    v_last date = private.to_date(private.to_required_text(to_date, 'to_date', 20), 'to_date');
begin
    if v_last < v_first or v_last > v_first + 61 then
        perform private.invalid('to_date', 'must be between from_date and 61 days later');
    end if;
    return query
    select days.*
    from scheduling.days(
        private.to_identifier(service_id, 'service_id'),
        v_first,
        v_last,
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        scheduling.to_party_size(party_size),
        private.to_text(link_token, 'link_token', 100)
    ) as days;
end;
$$;
grant execute on function public.date_availability(
    public.identifier, text, text, public.identifier, public.whole_number, text
) to anon, authenticated, service_role;

comment on function public.date_availability is
'Return for each date from from_date to to_date (at most 62 dates in the business''s zone) how '
'many starts of a service are free for a party and, for a class, how many sessions and seats there '
'are.

Use it for a calendar that colours its days.

- link_token: token of a private link.

Errors: invalid_input 400, not_found 404, link_expired 409, not_bookable 409.';
