-- What phones send when they are back: the changes that were made without a connection.

/*
 * Write a change that was made without a connection, once, if nobody changed the row meanwhile.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict version_conflict
 * Source:  docs/adr/0039-sync.md
 */
create function public.push_change(
    view text, id uuid, client_id text, changes jsonb default null, version text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
    v_answer jsonb;
    v_is_written boolean;
begin
    if not exists (select 1 from mobile.synced() where synced.view_name = push_change.view) then
        perform private.invalid('view', 'must be one that sync returns');
    elsif changes is null and version is null then
        perform private.invalid('version', 'must not be null when a row is deleted');
    elsif jsonb_typeof(changes) <> 'object' or changes = '{}' then
        perform private.invalid('changes', 'must be an object of columns');
    elsif changes ? 'id' then
        perform private.invalid('changes', 'must not contain id');
    end if;
    v_answer = private.first_answer(
        'push_change', client_id,
        jsonb_build_object('view', view, 'id', id, 'changes', changes, 'version', version)
    );
    if v_answer is not null then
        return v_answer;
    end if;

    v_is_written = case
        when changes is null then mobile.push_delete(view, id, version)
        when version is null then mobile.push_new(view, id, changes)
        else mobile.push_update(view, id, changes, version)
    end;
    v_answer = case
        when not v_is_written then mobile.unwritten(view, id, changes, version)
        when changes is null then jsonb_build_object('id', id)
        else mobile.shown_row(view, id)
    end;
    if not v_answer ? 'code' then
        perform private.remember_answer('push_change', client_id, v_answer);
    end if;
    return v_answer;
end;
$$;
grant execute on function public.push_change(text, uuid, text, jsonb, text)
to authenticated, service_role;
comment on function public.push_change(text, uuid, text, jsonb, text) is
'Write a change that was made without a connection, as row-level security allows it. Send the '
'changes of a queue one after another, in their order.

`view` and `id` name a row of `sync`. `client_id` names the change: the same one is written once, '
'however often it is sent. `changes` are the columns to write; null deletes the row. `version` is '
'the one that `sync` sent with the row; null for a new row, whose id the phone chooses. Returns '
'`id`, `version` and `row` as they are now.

When somebody else changed the row, nothing is written, and the answer has the status 409 with '
'both sides: `yours`, and `theirs` with `version` and `row`.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, version_conflict 409.';
