-- Occurrences of a series that cannot be booked: why, and whether they refuse the whole series.

/*
 * Return why some legs of a series cannot be booked: [{starts_at, reason}]. They differ only in
 * their start, so limits are counted once for all of them.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.conflicts_of(legs scheduling.leg[])
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_needs scheduling.need[] = scheduling.needs_of(
        legs[1].service_id, legs[1].resource_id, legs[1].party_size
    );
    v_room scheduling.limit_use[] = scheduling.room_for(
        legs,
        scheduling.limits_of(
            legs[1].business_id,
            array[legs[1].service_id],
            array(select need.id from unnest(v_needs) as need),
            scheduling.booker_of(null)
        )
    );
    v_conflicts jsonb = '[]';
    v_leg scheduling.leg;
    v_reason text;
begin
    foreach v_leg in array legs loop
        v_reason = scheduling.reason_against(v_leg);
        -- It is the same for every date.
        if v_reason = 'not_eligible' then
            perform scheduling.refuse_start(v_leg, null);
        end if;
        if v_reason = 'slot_taken' and scheduling.is_limited(v_leg, v_needs, v_room) then
            v_reason = 'limit_reached';
        end if;
        v_conflicts = v_conflicts || scheduling.make_conflict(v_leg, v_reason);
    end loop;
    return v_conflicts;
end;
$$;

/*
 * Return why a leg cannot be booked, limits aside, as a token of docs/errors.md.
 */
create function scheduling.reason_against(leg scheduling.leg)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_reason text;
begin
    perform scheduling.refuse_start(leg, null, '{limits}');
    return null;
exception
    when sqlstate 'PT409' or sqlstate 'PT422' then
        get stacked diagnostics v_reason = pg_exception_detail;
        return v_reason;
end;
$$;

/*
 * Make the entry of an occurrence that cannot be booked, as the series keeps it.
 */
create function scheduling.make_conflict(leg scheduling.leg, reason text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_array(jsonb_build_object('starts_at', leg.starts_at, 'reason', reason));
end;
$$;

/*
 * Refuse a series if it has conflicts, unless they are skipped.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_conflicts(conflicts jsonb, are_skipped boolean)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if conflicts = '[]' or are_skipped then
        return;
    end if;
    perform private.refuse(
        'PT409', 'slot_taken',
        format(
            'These dates are not available: %s.',
            (
                select string_agg(
                    to_char(
                        (conflict.value ->> 'starts_at')::timestamptz at time zone 'UTC',
                        'YYYY-MM-DD"T"HH24:MI"Z"'
                    )
                    || ' (' || (conflict.value ->> 'reason') || ')',
                    ', '
                    order by conflict.value ->> 'starts_at'
                )
                from jsonb_array_elements(conflicts) as conflict (value)
            )
        ),
        'Choose another time, or send on_conflict skip to skip these dates.'
    );
end;
$$;
