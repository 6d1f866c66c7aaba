-- How a phone's rows are read: a scope in full, page after page by key, or the rows that changed.

/*
 * Return the version of a row as a client sees it, as JSON: equal for equal rows.
 */
create function mobile.version(contents text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return to_hex(hashtextextended(contents, 0));
end;
$$;

/*
 * Return rows of a view that belong to a scope, as the caller sees them: those with the given ids
 * or, when `ids` is null, the next ones after an id. `changes` has them as the answer does, with
 * commas between them; `row_ids` are their ids, in order.
 */
create function mobile.read_rows(
    scope text, view_name text, ids uuid[], after_id uuid, max_rows integer,
    out row_ids uuid[], out changes text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    -- One statement, and no function of ours a row: a first sync is as long as this is.
    execute format(
        'select array_agg(id order by id), string_agg(format(%L, id, '
        'to_hex(hashtextextended(contents, 0)), contents), '','') '
        'from (select shown.id, to_json(shown)::text as contents from public.%I as shown '
        'where %s and %s order by shown.id limit $4) as page',
        format(
            '{"scope":"%s","view":"%s","id":"%%s","version":"%%s","row":%%s}', scope, view_name
        ),
        view_name,
        mobile.condition(scope, view_name),
        case when ids is null then 'shown.id > $3' else 'shown.id = any($2)' end
    )
    into row_ids, changes
    using mobile.audience(scope), ids, after_id, max_rows;
end;
$$;

/*
 * Return which rows changed for the caller in some of their scopes, by transactions that have
 * ended: those after a position, in its order. A position is a transaction, a view and a row. It
 * may return more than `max_rows`: what one transaction did to one row is never split.
 * Definer: clients cannot read the log. It returns nothing but the caller's own audiences.
 */
create function mobile.changes_after(
    scopes text[], from_transaction xid8, from_view text, from_row uuid, max_rows integer
)
returns table (transaction_id xid8, view_name text, row_id uuid, scope text)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select
        logged.transaction_id,
        logged.view_name,
        logged.row_id,
        wanted.scope
    from unnest(changes_after.scopes) as wanted (scope)
    cross join lateral (
        select
            changes.transaction_id,
            changes.view_name,
            changes.row_id
        from mobile.changes
        where
            changes.audience_id = mobile.audience(wanted.scope)
            and (changes.transaction_id, changes.view_name, changes.row_id)
            > (changes_after.from_transaction, changes_after.from_view, changes_after.from_row)
            and changes.transaction_id < private.feed_horizon()
        order by changes.transaction_id, changes.view_name, changes.row_id
        fetch first changes_after.max_rows rows only
    ) as logged
    where
        wanted.scope = 'own'
        or mobile.audience(wanted.scope) in (select private.my_businesses('view'))
    order by logged.transaction_id, logged.view_name, logged.row_id
    fetch first changes_after.max_rows rows with ties;
end;
$$;

/*
 * Return the transaction before which changes are forgotten.
 * Definer: clients cannot read the table.
 */
create function mobile.forgotten_until()
returns xid8
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce((select horizon.transaction_id from mobile.horizon), '0'::xid8);
$$;
