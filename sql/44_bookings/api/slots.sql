-- What can be booked, and when: the starts of some days, and the summary of a month or a year.

/*
 * The free starts of a service, one row each, ordered by time.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable
 *          PT422 too_many_rows
 */
create function public.available_slots(
    service_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    link_token text default null
)
returns setof public.slot
language plpgsql
stable
security invoker
set search_path = ''
rows 500
as $$
declare
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_leg scheduling.leg = scheduling.to_leg(
        service_id, resource_id, party_size, addon_ids, link_token
    );
    v_count bigint;
begin
    if v_to <= v_from or v_to > v_from + interval '62 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 62 days later');
    end if;
    return query
    select slots.*
    from scheduling.slots(v_leg, tstzmultirange(tstzrange(v_from, v_to))) as slots;
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Ask for fewer days at a time.');
end;
$$;
comment on function public.available_slots is
'Return the free starts of a service from from_at (included) to to_at (excluded), at most 62 days: '
'one row a start, ordered by time.

resource_ids has each resource that book accepts as resource_id for this start, in the order in '
'which a booking that names none is assigned; required rooms and equipment are not listed. It is '
'empty for a session that nobody leads. remaining counts the places that are left over all of '
'them. book accepts every returned start and refuses every other one. More starts than a page of '
'the API are refused, never cut.

- resource_id: only this resource.
- party_size: number of guests, 1 by default.
- addon_ids: add-ons, which may lengthen the service.
- link_token: token of a private link to the service.

Errors: invalid_input 400, not_found 404, link_expired 409, not_bookable 409, too_many_rows 422.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable
 *          PT422 too_many_rows
 */
create function public.date_availability(
    service_id public.identifier,
    from_on text,
    to_on text,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
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
    v_first date = private.to_date(private.to_required_text(from_on, 'from_on', 20), 'from_on');
    v_last date = private.to_date(private.to_required_text(to_on, 'to_on', 20), 'to_on');
    v_leg scheduling.leg = scheduling.to_leg(
        service_id, resource_id, party_size, addon_ids, link_token
    );
begin
    if v_last < v_first or v_last - v_first > 365 then
        perform private.invalid('to_on', 'must not be before from_on, and at most 365 days later');
    end if;
    perform private.require_page(v_last - v_first + 1, 'Ask for fewer dates at a time.');
    return query
    select days.*
    from scheduling.days(v_leg, v_first, v_last) as days;
end;
$$;
comment on function public.date_availability is
'Return one row for each date from from_on to to_on, both included, at most 366 dates in the '
'business''s zone: whether a service has a free start for a party, the first and the last one, and '
'how many starts there are. For a class, it also counts the sessions, the seats and the free '
'seats.

It counts the starts that available_slots returns. Use it for a calendar that colours its days.

- resource_id: only this resource.
- party_size: number of guests, 1 by default.
- addon_ids: add-ons, which may lengthen the service.
- link_token: token of a private link to the service.

Errors: invalid_input 400, not_found 404, link_expired 409, not_bookable 409, too_many_rows 422.';

grant execute on function
public.available_slots(
    public.identifier, public.instant, public.instant, public.identifier, public.whole_number,
    public.list, text
),
public.date_availability(
    public.identifier, text, text, public.identifier, public.whole_number, public.list, text
)
to anon, authenticated, service_role;
