-- Where a phone is: in the log (`x`, `v`, `r`: transaction, view and row), in which history (`t`),
-- with which scopes and marks (`s`), and how far the scopes are that are still read in full (`f`:
-- view and last id).

/*
 * Return the state of a phone that has nothing yet, or whose cursor says nothing any more.
 */
create function mobile.new_state()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    select jsonb_build_object(
        't', private.timeline(),
        'x', private.feed_horizon(),
        'v', '',
        'r', '00000000-0000-0000-0000-000000000000',
        's', '{}'::jsonb,
        'f', '{}'::jsonb
    );
$$;

/*
 * Return the state that a cursor stands for; null if there is none from which a phone could go on:
 * no cursor, one of another history of the database, or one that is older than the log.
 *
 * Errors:  PT400 invalid_input
 */
create function mobile.read_state(cursor text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_state jsonb = private.read_cursor(cursor);
begin
    if v_state is null then
        return null;
    end if;
    if v_state ->> 'x' ~ '^\d{1,18}$'
        and jsonb_typeof(v_state -> 'v') = 'string'
        and pg_input_is_valid(v_state ->> 'r', 'uuid')
        and jsonb_typeof(v_state -> 's') = 'object'
        and jsonb_typeof(v_state -> 'f') = 'object' then
        return case
            when v_state ->> 't' = private.timeline()
                and (v_state ->> 'x')::xid8 >= mobile.forgotten_until()
                and (v_state ->> 'x')::xid8 <= private.feed_horizon()
                then v_state
        end;
    end if;
    perform private.invalid('cursor', 'must be one of an earlier answer');
    return null;
end;
$$;

/*
 * Bring a state up to the scopes that the caller has now: what is new or has another mark is read
 * in full. `reset` are the scopes of which a phone must forget every row first.
 */
create function mobile.with_scopes(state jsonb, scopes jsonb, out state_now jsonb, out reset jsonb)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_name text;
    v_first jsonb;
    v_in_full jsonb = '{}';
begin
    for v_name in select jsonb_object_keys(scopes) loop
        if state -> 's' -> v_name is distinct from scopes -> v_name then
            v_first = jsonb_build_array(
                (mobile.views(v_name))[1], '00000000-0000-0000-0000-000000000000'
            );
            v_in_full = v_in_full || jsonb_build_object(v_name, v_first);
        elsif state -> 'f' ? v_name then
            v_in_full = v_in_full || jsonb_build_object(v_name, state -> 'f' -> v_name);
        end if;
    end loop;
    state_now = state || jsonb_build_object('s', scopes, 'f', v_in_full);
    reset = to_jsonb(array(
        select known.name
        from jsonb_each(state -> 's') as known (name, mark)
        where scopes -> known.name is distinct from known.mark
    ));
end;
$$;
