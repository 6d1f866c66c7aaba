-- Every change of a table that shows in a synced view is logged in the transaction of the change,
-- once a statement, for the user and for the business that may read the row.

/*
 * Return who may read a row: its business and its user, as the arguments of mobile.synced say.
 */
create function mobile.audiences(
    contents jsonb, owner_kind text, owner_column text, business_column text
)
returns setof uuid
language plpgsql
stable
security invoker
rows 2
set search_path = ''
as $$
declare
    v_business_id uuid = contents ->> business_column;
    v_owner_id uuid = mobile.owner(owner_kind, (contents ->> owner_column)::uuid);
begin
    if v_business_id is not null then
        return next v_business_id;
    end if;
    if v_owner_id is not null then
        return next v_owner_id;
    end if;
end;
$$;

/*
 * Log the rows that a statement inserted or deleted.
 * Definer: whoever changes a row need not be able to write the log.
 */
create function mobile.any__log_whole()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into mobile.changes (audience_id, view_name, row_id)
    select distinct
        audience.id,
        tg_argv[0],
        (changed.contents ->> tg_argv[1])::uuid
    from (select to_jsonb(whole_rows) from whole_rows) as changed (contents)
    cross join lateral
        mobile.audiences(changed.contents, tg_argv[2], tg_argv[3], tg_argv[4]) as audience (id)
    on conflict do nothing;
    return null;
end;
$$;

/*
 * Log the rows that a statement updated, for those who saw them before as well.
 * Definer: as mobile.any__log_whole.
 */
create function mobile.any__log_updated()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into mobile.changes (audience_id, view_name, row_id)
    select distinct
        audience.id,
        tg_argv[0],
        (changed.contents ->> tg_argv[1])::uuid
    from (
        select to_jsonb(old_rows) from old_rows
        union
        select to_jsonb(new_rows) from new_rows
    ) as changed (contents)
    cross join lateral
        mobile.audiences(changed.contents, tg_argv[2], tg_argv[3], tg_argv[4]) as audience (id)
    on conflict do nothing;
    return null;
end;
$$;

do $$
declare
    v_trigger record;
begin
    for v_trigger in
        select
            synced.*,
            triggers.*
        from mobile.synced() as synced
        cross join (
            values
            ('insert', 'referencing new table as whole_rows', 'mobile.any__log_whole'),
            ('update', 'referencing old table as old_rows new table as new_rows',
                'mobile.any__log_updated'),
            ('delete', 'referencing old table as whole_rows', 'mobile.any__log_whole')
        ) as triggers (operation, referencing, function_name)
    loop
        execute format(
            'create trigger _970_log_%s_of_%s after %s on %s %s '
            'for each statement execute function %s(%L, %L, %L, %L, %L)',
            v_trigger.operation, v_trigger.view_name, v_trigger.operation, v_trigger.table_name,
            v_trigger.referencing, v_trigger.function_name, v_trigger.view_name,
            v_trigger.key_column, v_trigger.owner_kind, v_trigger.owner_column,
            v_trigger.business_column
        );
    end loop;
end;
$$;

/*
 * A customer of a business turned out to be a user: what the business has about the customer is
 * theirs from now on, and was not logged for them.
 * Definer: as mobile.any__log_whole.
 */
create function mobile.customers__log_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into mobile.changes (audience_id, view_name, row_id)
    select audience.user_id, history.view_name, history.id
    from (
        select 'loyalty_entries', entries.id
        from loyalty.entries
        where entries.business_id = new.business_id and entries.customer_id = new.id
        union all
        select 'conversations', conversations.id
        from crm.conversations
        where conversations.business_id = new.business_id and conversations.customer_id = new.id
        union all
        select 'messages', messages.id
        from crm.conversations
        inner join crm.messages
            on
                conversations.business_id = messages.business_id
                and conversations.id = messages.conversation_id
        where conversations.business_id = new.business_id and conversations.customer_id = new.id
    ) as history (view_name, id)
    cross join unnest(array[old.user_id, new.user_id]) as audience (user_id)
    where audience.user_id is not null
    on conflict do nothing;
    return null;
end;
$$;

create trigger _970_log_history
after update of user_id on customers.customers
for each row
when (old.user_id is distinct from new.user_id)
execute function mobile.customers__log_history();

create trigger _500_touch
before insert or update on mobile.app_releases
for each row execute function private.any__touch();

create trigger _010_refuse_bad_input
before insert or update on mobile.app_releases
for each row
execute function content.any__refuse_bad_input('admin');
