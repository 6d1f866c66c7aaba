-- What phones ask: what changed since they last asked.

/*
 * Return what changed in the caller's scopes since a cursor.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 * Source:  docs/adr/0039-sync.md
 */
create function public.sync(cursor text default null, scopes text[] default null)
returns json
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
    v_max_rows integer = 5 * private.max_rows();
    v_state jsonb = mobile.read_state(cursor);
    v_is_new boolean = v_state is null;
    v_reset jsonb;
    v_page record;
begin
    select prepared.state_now, prepared.reset into v_state, v_reset
    from mobile.with_scopes(
        coalesce(v_state, mobile.new_state()), mobile.caller_scopes(scopes)
    ) as prepared;
    if v_is_new then
        v_reset = to_jsonb(array(select jsonb_object_keys(v_state -> 's')));
    end if;

    if v_state -> 'f' = '{}' then
        v_page = mobile.read_log(v_state, v_max_rows);
    else
        select read.state_after, read.changes, null as tombstones, true as more into v_page
        from mobile.read_in_full(v_state, v_max_rows) as read;
    end if;
    return json_build_object(
        'cursor', private.write_cursor(v_page.state_after),
        'reset', v_reset,
        'changes', format('[%s]', v_page.changes)::json,
        'tombstones', format('[%s]', v_page.tombstones)::json,
        'more', v_page.more
    );
end;
$$;
grant execute on function public.sync(text, text[]) to authenticated, service_role;
comment on function public.sync(text, text[]) is
'Return what changed for the caller since a cursor; without one, everything, page by page.

Returns `cursor` (send it with the next call), `changes` (`scope`, `view`, `id`, `version` and the '
'`row` as that view shows it), `tombstones` (`scope`, `view` and `id` of rows that are gone or out '
'of sight), `reset` (scopes of which you must forget every row first: the cursor is too old, or '
'your role changed), and `more` (call again at once). A change may come twice, and never too late: '
'apply each by scope, view and id. A tombstone of a booking, an order or a conversation takes what '
'belongs to it along.

`scopes`: `own` (your rows) and `business:ID` (a business in which you work); null for all of '
'them.

Errors: invalid_input 400, not_signed_in 401.';
