-- Occurrences of a series that cannot be booked: why, and whether they refuse the whole series.

/*
 * Return why some legs cannot be booked: [{starts_at, reason}].
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
    v_conflicts jsonb = '[]';
    v_leg scheduling.leg;
    v_reason text;
begin
    foreach v_leg in array legs loop
        begin
            perform scheduling.refuse_start(v_leg, null);
        exception
            when sqlstate 'PT409' or sqlstate 'PT422' then
                get stacked diagnostics v_reason = pg_exception_detail;
                -- It is the same for every date.
                if v_reason = 'not_eligible' then
                    raise;
                end if;
                v_conflicts = v_conflicts || scheduling.make_conflict(v_leg, v_reason);
        end;
    end loop;
    return v_conflicts;
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
