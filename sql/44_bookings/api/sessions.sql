/*
 * Make the sessions of a class on some dates, in the business's zone.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken · PT422 not_eligible
 */
create function public.create_slots(
    service_id public.identifier,
    from_date text,
    opens_at text,
    closes_at text,
    capacity public.whole_number,
    to_date text default null,
    weekdays public.list default null,
    every_minutes public.whole_number default null,
    resource_id public.identifier default null
)
returns setof public.sessions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_resource_id uuid = private.to_identifier(resource_id, 'resource_id', is_required => false);
    v_first date = private.to_date(private.to_required_text(from_date, 'from_date', 20), 'from_date');
    v_last date = coalesce(private.to_date(to_date, 'to_date'), v_first);
    v_opens_at time = private.to_clock(
        private.to_required_text(opens_at, 'opens_at', 20), 'opens_at'
    );
    v_closes_at time = private.to_clock(
        private.to_required_text(closes_at, 'closes_at', 20), 'closes_at'
    );
    v_capacity integer = private.to_whole_number(capacity, 'capacity', 1, 1000);
    v_weekdays integer[] = '{1,2,3,4,5,6,7}';
    v_service catalog.services;
    v_starts timestamptz[];
    v_ids uuid[];
begin
    perform private.token_user_id();
    if v_last < v_first or v_last > v_first + 366 then
        perform private.invalid('to_date', 'must be between from_date and a year later');
    end if;
    if v_closes_at <= v_opens_at then
        perform private.invalid('closes_at', 'must be after opens_at');
    end if;
    if weekdays is not null then
        v_weekdays = array(
            select private.to_whole_number(element.value, 'weekdays', 1, 7)
            from jsonb_array_elements_text(private.to_list(weekdays, 'weekdays', 7)) as element (value)
        );
    end if;
    select services.* into v_service
    from catalog.services
    where services.id = v_service_id;
    if v_service.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service.',
            'Check the id in the view services.'
        );
    end if;
    v_starts = scheduling.session_starts(
        v_service,
        daterange(v_first, v_last + 1),
        v_weekdays,
        v_opens_at,
        v_closes_at,
        coalesce(
            private.to_whole_number(
                every_minutes, 'every_minutes', 5, 1440, is_required => false
            ),
            v_service.duration_minutes
        )
    );
    if cardinality(v_starts) > 1000 then
        perform private.invalid('to_date', 'must not create more than 1000 sessions at once');
    end if;
    v_ids = array(
        select scheduling.create_sessions(v_service, v_starts, v_resource_id, v_capacity)
    );
    return query
    select sessions.*
    from public.sessions
    where sessions.id = any(v_ids)
    order by sessions.starts_at;
end;
$$;
grant execute on function public.create_slots(
    public.identifier, text, text, text, public.whole_number, text, public.list,
    public.whole_number, public.identifier
) to anon, authenticated, service_role;

comment on function public.create_slots is
'Create the sessions of a class from opens_at to closes_at (such as 09:00 and 17:00) on the dates '
'from from_date to to_date, in the business''s zone.

Each session takes its leader and everything else that the class needs. Existing sessions stay as '
'they are. All or nothing. Returns the new sessions.

- capacity: seats per session.
- to_date: from_date by default, at most a year later.
- weekdays: only these, 1 (Monday) to 7.
- every_minutes: minutes from one start to the next; one after another by default.
- resource_id: the leader.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, slot_taken 409, '
'not_eligible 422.';
