-- The feed of events, for those who would rather ask than be told, and how long events are kept.

/*
 * Return the events of a business after a cursor, the oldest first. An event of a transaction that
 * is still open, or of one after it, is not returned yet, so a reader that goes on from its cursor
 * misses none. The cursor carries the timeline of the cluster: after a restore it is refused.
 * Definer: the feed is read by members and keys, who do not read the columns of the order.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.read_events(business_id uuid, cursor text, maximum integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_timeline constant text = private.timeline();
    v_parts constant text[] = string_to_array(cursor, '.');
    v_events integrations.events[];
    v_last integrations.events;
begin
    perform private.require_member(business_id, 'manage');
    if cursor is not null and cursor !~ '^\d{1,20}\.\d{1,10}\.\d{1,19}\.\d{1,18}$' then
        perform private.invalid('cursor', 'must be one that read_events returned');
    end if;
    if v_parts[1] || '.' || v_parts[2] <> v_timeline then
        perform private.refuse(
            'PT409', 'cursor_expired', 'The database was restored or moved since this cursor.',
            'Read the views once, then read events without a cursor.'
        );
    end if;
    v_events = array(
        select events
        from integrations.events
        where
            events.business_id = read_events.business_id
            and events.transaction_id < private.feed_horizon()
            and (
                cursor is null
                or (events.transaction_id, events.position) > (v_parts[3]::xid8, v_parts[4]::bigint)
            )
        order by events.transaction_id, events.position
        limit maximum
    );
    v_last = v_events[cardinality(v_events)];
    return jsonb_build_object(
        'events', (
            select coalesce(
                jsonb_agg(jsonb_build_object('id', listed.id) || listed.body order by listed.ordinal),
                '[]'
            )
            from unnest(v_events) with ordinality as listed (
                id, business_id, type, subject_id, body, occurred_at, transaction_id, position,
                ordinal
            )
        ),
        'cursor', case
            when v_last.id is null then cursor
            else concat_ws('.', v_timeline, v_last.transaction_id::text, v_last.position::text)
        end,
        'more', cardinality(v_events) = maximum
    );
end;
$$;

/*
 * Delete events, their deliveries and attempts after 30 days. Returns how many.
 * Definer: called by the workers, who have no access to the tables.
 */
create function integrations.forget_old_events()
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count bigint;
begin
    delete from integrations.events
    where events.occurred_at < private.now() - interval '30 days';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
