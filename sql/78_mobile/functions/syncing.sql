-- The two ways to go on from a state: through scopes that are read in full, and through the log.

/*
 * Read the next page of the scopes that are read in full. Returns the state after it, and the
 * changes as text.
 *
 * Errors:  PT400 invalid_input
 */
create function mobile.read_in_full(
    state jsonb, max_rows integer, out state_after jsonb, out changes text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_scope text = (select min(key) from jsonb_object_keys(state -> 'f') as key);
    v_views text[] = mobile.views(v_scope);
    v_at integer = array_position(v_views, state -> 'f' -> v_scope ->> 0);
    v_last uuid;
    v_left integer = max_rows;
    v_page record;
begin
    if v_at is null or not pg_input_is_valid(state -> 'f' -> v_scope ->> 1, 'uuid') then
        perform private.invalid('cursor', 'must be one of an earlier answer');
    end if;
    v_last = state -> 'f' -> v_scope ->> 1;
    loop
        v_page = mobile.read_rows(v_scope, v_views[v_at], null, v_last, v_left);
        changes = concat_ws(',', changes, v_page.changes);
        v_left = v_left - coalesce(cardinality(v_page.row_ids), 0);
        if v_left = 0 then
            state_after = jsonb_set(
                state,
                array['f', v_scope],
                jsonb_build_array(v_views[v_at], v_page.row_ids[cardinality(v_page.row_ids)])
            );
            return;
        end if;
        v_at = v_at + 1;
        v_last = '00000000-0000-0000-0000-000000000000';
        exit when v_at > cardinality(v_views);
    end loop;
    state_after = state #- array['f', v_scope];
end;
$$;

/*
 * Return the rows that changed as they are now, and the keys of those that the caller sees no more,
 * both as text. `changed` are scopes, views and rows.
 */
create function mobile.read_changed(
    scopes text[], view_names text[], ids uuid[], out changes text, out tombstones text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_changed record;
    v_page record;
begin
    for v_changed in
        select
            changed.scope,
            changed.view_name,
            array_agg(changed.id) as ids
        from unnest(scopes, view_names, ids) as changed (scope, view_name, id)
        group by changed.scope, changed.view_name
    loop
        v_page = mobile.read_rows(
            v_changed.scope, v_changed.view_name, v_changed.ids, null, null
        );
        changes = concat_ws(',', changes, v_page.changes);
        tombstones = concat_ws(',', tombstones, (
            select string_agg(
                json_build_object(
                    'scope', v_changed.scope, 'view', v_changed.view_name, 'id', wanted.id
                )::text,
                ','
            )
            from (select distinct unnest(v_changed.ids)) as wanted (id)
            where wanted.id <> all(coalesce(v_page.row_ids, '{}'))
        ));
    end loop;
end;
$$;

/*
 * Read the next page of the log. Returns the state after it, the changes and tombstones as text,
 * and whether there may be more.
 */
create function mobile.read_log(
    state jsonb,
    max_rows integer,
    out state_after jsonb,
    out changes text,
    out tombstones text,
    out more boolean
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_scopes text[];
    v_views text[];
    v_ids uuid[];
    v_last jsonb;
begin
    select
        array_agg(logged.scope),
        array_agg(logged.view_name),
        array_agg(logged.row_id),
        (
            array_agg(
                jsonb_build_object(
                    'x', logged.transaction_id, 'v', logged.view_name, 'r', logged.row_id
                )
                order by logged.transaction_id desc, logged.view_name desc, logged.row_id desc
            )
        )[1]
    into v_scopes, v_views, v_ids, v_last
    from mobile.changes_after(
        array(select jsonb_object_keys(state -> 's')),
        (state ->> 'x')::xid8, state ->> 'v', (state ->> 'r')::uuid, max_rows
    ) as logged;

    more = coalesce(cardinality(v_ids), 0) >= max_rows;
    state_after = state || case
        when more then v_last
        else mobile.new_state() - array['s', 'f', 't']
    end;
    if v_ids is not null then
        select read.changes, read.tombstones into changes, tombstones
        from mobile.read_changed(v_scopes, v_views, v_ids) as read;
    end if;
end;
$$;
