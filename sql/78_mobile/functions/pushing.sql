-- How a change that was made without a connection is written: by the version that the phone had.

/*
 * Refuse columns of a view that the caller may not write, and columns that it does not have.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden
 */
create function mobile.require_columns(view_name text, changes jsonb, privilege text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_view regclass = format('public.%I', view_name);
    v_column text;
begin
    for v_column in select jsonb_object_keys(changes) loop
        if not exists (
            select 1 from pg_catalog.pg_attribute
            where
                pg_attribute.attrelid = v_view
                and pg_attribute.attname = v_column
                and pg_attribute.attnum > 0
        ) then
            perform private.invalid('changes', format('has no column %s', v_column));
        elsif not has_column_privilege(v_view, v_column, privilege) then
            perform private.refuse(
                'PT403', 'forbidden', format('You may not write %s.', v_column),
                'Leave the column out.'
            );
        end if;
    end loop;
end;
$$;

/*
 * Return a row as the caller sees it, with its version; null if it is not there.
 */
create function mobile.shown_row(view_name text, id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_row jsonb;
begin
    execute format(
        'select jsonb_build_object(''id'', shown.id, ''version'', mobile.version(to_json(shown)::text), '
        '''row'', to_jsonb(shown)) from public.%I as shown where shown.id = $1',
        view_name
    )
    into v_row
    using id;
    return v_row;
end;
$$;

/*
 * Insert a row with the id that the phone gave it, unless there is one.
 */
create function mobile.push_new(view_name text, id uuid, changes jsonb)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_columns text;
begin
    perform mobile.require_columns(view_name, changes || jsonb_build_object('id', id), 'insert');
    if mobile.shown_row(view_name, id) is not null then
        return false;
    end if;
    select string_agg(quote_ident(name), ', ') into v_columns
    from jsonb_object_keys(changes || jsonb_build_object('id', id)) as name;
    execute format(
        'insert into public.%1$I (%2$s) select %2$s from jsonb_populate_record(null::public.%1$I, $1)',
        view_name, v_columns
    )
    using changes || jsonb_build_object('id', id);
    return true;
end;
$$;

/*
 * Update a row if it still has the version that the phone had.
 */
create function mobile.push_update(view_name text, id uuid, changes jsonb, version text)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_columns text;
    v_count integer;
begin
    perform mobile.require_columns(view_name, changes, 'update');
    select string_agg(quote_ident(name), ', ') into v_columns
    from jsonb_object_keys(changes) as name;
    execute format(
        'update public.%1$I as shown set (%2$s) = row(%3$s) '
        'from jsonb_populate_record(null::public.%1$I, $1) as sent '
        'where shown.id = $2 and mobile.version(to_json(shown)::text) = $3',
        view_name, v_columns, 'sent.' || replace(v_columns, ', ', ', sent.')
    )
    using changes, id, version;
    get diagnostics v_count = row_count;
    return v_count = 1;
end;
$$;

/*
 * Delete a row if it still has the version that the phone had.
 *
 * Errors:  PT403 forbidden
 */
create function mobile.push_delete(view_name text, id uuid, version text)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    if not has_table_privilege(format('public.%I', view_name), 'delete') then
        perform private.refuse(
            'PT403', 'forbidden', 'You may not delete this row.', 'Keep the row.'
        );
    end if;
    execute format(
        'delete from public.%I as shown where shown.id = $1 and mobile.version(to_json(shown)::text) = $2',
        view_name
    )
    using id, version;
    get diagnostics v_count = row_count;
    return v_count = 1;
end;
$$;

/*
 * Return the answer to a change that was not written: the row, if it has these values already, or
 * the conflict with both sides. Sets the status of the answer.
 *
 * Errors:  PT403 forbidden · PT404 not_found
 */
create function mobile.unwritten(view_name text, id uuid, changes jsonb, version text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_theirs jsonb = mobile.shown_row(view_name, id);
begin
    if changes is null and v_theirs is null then
        return jsonb_build_object('id', id);
    elsif v_theirs is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such row.', 'Forget it: sync sends a tombstone.'
        );
    elsif v_theirs -> 'row' @> changes then
        return v_theirs;
    elsif v_theirs ->> 'version' = version then
        perform private.refuse(
            'PT403', 'forbidden', 'You may not change this row.', 'Forget the change.'
        );
    end if;
    return private.refusal(
        'PT409', 'version_conflict', 'Somebody else changed this row.',
        'Merge both sides and send the result with the version of theirs.'
    ) || jsonb_build_object('yours', changes, 'theirs', v_theirs);
end;
$$;
