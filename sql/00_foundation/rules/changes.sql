-- Trigger functions that several domains attach to their tables and views: when a row was last
-- changed, and what cannot be changed at all.

/*
 * Note when a row was last changed.
 */
create function private.any__touch()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.updated_at = private.now();
    return new;
end;
$$;

/*
 * Refuse to change or delete history. New entries may be added, and what is personal in a row may
 * be emptied: that is how a person is erased.
 * Definer: callers have no function that reads the tags.
 *
 * Errors:  PT409 append_only
 */
create function private.any__refuse_rewriting()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' and tg_level = 'ROW'
        and private.only_erases(tg_relid, to_jsonb(old), to_jsonb(new)) then
        return new;
    end if;
    perform private.refuse(
        'PT409', 'append_only', 'History cannot be changed.', 'Add a new entry instead.'
    );
    return null;
end;
$$;

/*
 * Refuse to write a view that counts or joins. Without this, PostgreSQL answers as if the server
 * had failed.
 *
 * Errors:  PT403 forbidden
 */
create function private.any__refuse_writing()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT403', 'forbidden', 'This view is read-only.', 'Change the rows behind it.'
    );
    return null;
end;
$$;
