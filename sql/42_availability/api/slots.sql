-- What can be booked, and when.

create type public.slot as (
    starts_at timestamptz,
    ends_at timestamptz,
    resource_id uuid,
    remaining integer
);
comment on type public.slot is
'A free time of a service: start and end for the customer, the resource, and its free places.';

/*
 * The free starts of a service, one row for each resource that could give it, ordered by time.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired
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
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_resource_id uuid = private.to_identifier(resource_id, 'resource_id', is_required => false);
    v_party_size integer = scheduling.to_party_size(party_size);
    v_leg scheduling.leg;
begin
    if v_to <= v_from or v_to > v_from + interval '62 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 62 days later');
    end if;
    v_leg = (
        scheduling.legs(array[
            scheduling.make_selection(
                service_id => v_service_id,
                starts_at => null,
                resource_id => v_resource_id,
                party_size => v_party_size,
                addon_ids => private.to_identifiers(addon_ids, 'addon_ids'),
                link_token => private.to_text(link_token, 'link_token', 100)
            )
        ])
    )[1];
    return query
    select
        vacancy.at,
        vacancy.at + make_interval(mins => v_leg.minutes),
        vacancy.id,
        vacancy.remaining
    from scheduling.vacancies_for_caller(
        v_service_id, tstzmultirange(tstzrange(v_from, v_to)), v_resource_id, v_party_size, v_leg.minutes
    ) as vacancy
    where vacancy.is_leading
    order by vacancy.at, vacancy.rank;
end;
$$;
grant execute on function public.available_slots(
    public.identifier, public.instant, public.instant, public.identifier, public.whole_number,
    public.list, text
) to anon, authenticated, service_role;

comment on function public.available_slots is
'Return the free starts of a service from from_at (included) to to_at (excluded), at most 62 days: '
'one row for each resource and start, ordered by time.

book accepts every returned start and refuses every other one.

- resource_id: only this resource.
- party_size: number of guests, 1 by default.
- addon_ids: add-ons, which may lengthen the service.
- link_token: token of a private link to the service.

Errors: invalid_input 400, not_found 404, link_expired 409.';
