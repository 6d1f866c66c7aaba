-- The one change that the trail takes: personal data in it is masked, and that is written down.

/*
 * Return a document of an entry with some of its columns masked.
 */
create function audit.masked(contents jsonb, columns text[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return audit.hidden(
        contents, array(select jsonb_object_keys(contents) intersect select unnest(columns))
    );
end;
$$;

/*
 * Mask columns of entries: of their `before` and `after`, and address and program of the request if
 * they are named. Each masking is written down with its reason. Returns how many entries changed.
 * Definer: nobody may change the trail.
 */
create function audit.mask(entry_ids bigint[], columns text[], reason text)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_origin audit.origin = audit.origin();
    v_count integer;
begin
    insert into audit.maskings (entry_id, columns, reason, actor_id, actor_role)
    select entries.id, mask.columns, mask.reason, v_origin.actor_id, v_origin.actor_role
    from audit.entries
    where entries.id = any(mask.entry_ids);

    update audit.entries
    set
        before = audit.masked(entries.before, mask.columns),
        after = audit.masked(entries.after, mask.columns),
        address = case when 'address' <> all(mask.columns) then entries.address end,
        user_agent = case when 'user_agent' <> all(mask.columns) then entries.user_agent end
    where entries.id = any(mask.entry_ids);
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
