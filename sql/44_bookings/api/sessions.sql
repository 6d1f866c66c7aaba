-- How a business creates the sessions of a class.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken · PT422 not_eligible too_many_rows
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
    v_resource_id uuid = private.to_identifier(resource_id, 'resource_id', is_required => false);
    v_capacity integer = private.to_whole_number(capacity, 'capacity', 1, 1000);
    v_service catalog.services;
    v_starts timestamptz[];
    v_ids uuid[];
    v_count bigint;
begin
    perform private.token_user_id();
    v_service = scheduling.class_of(private.to_identifier(service_id, 'service_id'));
    v_starts = scheduling.session_starts(
        v_service,
        scheduling.to_dates(from_date, to_date),
        scheduling.to_weekdays(weekdays),
        private.to_clock(private.to_required_text(opens_at, 'opens_at', 20), 'opens_at'),
        private.to_clock(private.to_required_text(closes_at, 'closes_at', 20), 'closes_at'),
        coalesce(
            private.to_whole_number(every_minutes, 'every_minutes', 5, 1440, is_required => false),
            v_service.duration_minutes
        )
    );
    v_ids = array(
        select scheduling.create_sessions(v_service, v_starts, v_resource_id, v_capacity)
    );
    return query
    select sessions.*
    from public.sessions
    where sessions.id = any(v_ids)
    order by sessions.starts_at;
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Create the sessions of fewer dates at a time.');
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
'not_eligible 422, too_many_rows 422.';
