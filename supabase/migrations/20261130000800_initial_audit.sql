-- The initial schema of 08_audit: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/08_audit/tables.sql

-- The audit trail: who changed which row when, from where and by which call, with the row before
-- and after. One trigger function writes it; 95_attach hangs it on every table that its list does
-- not leave out. The trail is append-only for everybody, the owner of the tables included: the only
-- change that it takes is one that masks personal data and is written down (audit.maskings). A
-- superuser can do anything, and the owner of a table can drop it.
--
-- It is partitioned by month. Values of columns that are tagged as personal or secret are never
-- written into it: they appear as ***.

create schema audit;
comment on schema audit is 'The audit trail: who changed what, when and by which call.';

create type audit.operation as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE');

-- Where a change came from.
create type audit.origin as (
    actor_id uuid,
    actor_role text,
    cause text,
    request_id text,
    address inet,
    user_agent text
);

create table audit.entries (
    id bigint generated always as identity,
    -- The clock of the machine, which nobody moves.
    at timestamptz not null default now(),
    transaction_id xid8 not null default pg_current_xact_id(),
    table_name text not null,
    operation audit.operation not null,
    business_id uuid,
    -- The key of the row; the columns of a longer one are joined by a slash.
    row_id text,
    -- The row that was deleted or, of an update, the columns that changed.
    before jsonb,
    -- The row that was inserted or, of an update, the columns that changed.
    after jsonb,
    -- No reference: the record outlives the user. Null when the operator's software did it.
    actor_id uuid,
    actor_role text not null,
    cause text not null,
    request_id text,
    address inet,
    user_agent text,

    primary key (id, at)
)
partition by range (at);
comment on table audit.entries is
'Who changed which row, from where and by which call. Only ever added to.';
comment on column audit.entries.row_id is '[person]';
comment on column audit.entries.before is '[personal: kept 2 years: what was changed]';
comment on column audit.entries.after is '[personal: kept 2 years: what was changed]';
comment on column audit.entries.actor_id is '[person]';
comment on column audit.entries.address is '[personal: kept 2 years: abuse is found by address]';
comment on column audit.entries.user_agent is
'[personal: kept 2 years: abuse is found by program]';
-- What happened to a business, the latest first.
create index entries_business_id_idx on audit.entries (business_id, id)
where business_id is not null;
-- What happened to a row.
create index entries_row_id_idx on audit.entries (row_id, table_name);
-- What somebody did.
create index entries_actor_id_idx on audit.entries (actor_id, id) where actor_id is not null;

-- What falls into no month that is prepared; private.keep_audit_months prepares them in time.
create table audit.entries_else partition of audit.entries default;

create table audit.maskings (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    transaction_id xid8 not null default pg_current_xact_id(),
    entry_id bigint not null,
    -- Which columns of the entry were masked.
    columns text[] not null,
    reason text not null,
    actor_id uuid,
    actor_role text not null,

    constraint maskings_reason_is_short check (length(reason) between 1 and 1000)
);
comment on table audit.maskings is
'Which entries of the trail lost personal data, when and why. Only ever added to.';
comment on column audit.maskings.actor_id is '[person]';
create index maskings_entry_id_idx on audit.maskings (entry_id, transaction_id);

-- sql/08_audit/functions/masking.sql

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

-- sql/08_audit/functions/months.sql

-- The months of the trail. Each is a table of its own, which is dropped as a whole when it is too
-- old.

/*
 * Return how long an entry is kept.
 */
create function audit.kept_for()
returns interval
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select interval '2 years';
end;

/*
 * Prepare this month and the next three, and drop what is too old. Returns how many months were
 * dropped. Waits at most two seconds for those who read.
 * Definer: called by the workers, who own nothing.
 */
create function private.keep_audit_months()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
declare
    v_month date = date_trunc('month', now() at time zone 'UTC');
    v_prepared regclass;
    v_old regclass;
    v_count integer = 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('audit.entries', 0));
    for v_ahead in 0..3 loop
        v_prepared = private.prepare_month(
            'audit.entries', (v_month + make_interval(months => v_ahead))::date
        );
        if v_prepared is not null then
            execute format(
                'create trigger _110_refuse_emptying before truncate on %s '
                'for each statement execute function private.any__refuse_rewriting()',
                v_prepared
            );
        end if;
    end loop;
    for v_old in select private.months_before('audit.entries', v_month - audit.kept_for()) loop
        execute format('drop table %s', v_old);
        v_count = v_count + 1;
    end loop;
    delete from audit.entries_else where entries_else.at < now() - audit.kept_for();
    return v_count;
end;
$$;

-- sql/08_audit/functions/recording.sql

-- How a change is written into the trail. The triggers run once a statement, with all the rows that
-- it changed: a change of a thousand rows costs one insert of a thousand entries.

/*
 * Return where the current change comes from: the user of the token or the API key, the role, and
 * the call. The call is the request of the API; outside of it, the name by which the program
 * connected. Address and program come from the headers that the gateway writes, never from what a
 * client sends as data.
 */
create function audit.origin()
returns audit.origin
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_origin audit.origin;
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
    v_path text = nullif(current_setting('request.path', true), '');
begin
    v_origin.actor_id = coalesce(auth.uid(), (private.admitted_key() ->> 'id')::uuid);
    v_origin.actor_role = coalesce(nullif(current_setting('role'), 'none'), session_user);
    v_origin.cause = coalesce(
        concat_ws(' ', nullif(current_setting('request.method', true), ''), v_path),
        'database'
    );
    if v_path is null then
        v_origin.cause = coalesce(nullif(current_setting('application_name'), ''), 'database');
    end if;
    v_origin.request_id = left(
        coalesce(v_headers ->> 'x-request-id', v_headers ->> 'sb-request-id'), 200
    );
    v_origin.address = private.request_address();
    v_origin.user_agent = left(v_headers ->> 'user-agent', 500);
    return v_origin;
end;
$$;

/*
 * Return a row with what is personal or secret hidden. Null stays null.
 */
create function audit.hidden(contents jsonb, columns text[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if columns = '{}' then
        return contents;
    end if;
    return contents || coalesce(
        (
            select jsonb_object_agg(hidden_columns.name, '***')
            from unnest(columns) as hidden_columns (name)
            where contents ->> hidden_columns.name is not null
        ),
        '{}'
    );
end;
$$;

/*
 * Return the primary key of a row as one text.
 */
create function audit.key_of(contents jsonb, columns text[])
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        '/', contents ->> columns[1], contents ->> columns[2], contents ->> columns[3],
        contents ->> columns[4], contents ->> columns[5]
    );
end;
$$;

/*
 * Return the primary key of a row as the trail shows it: a part that is personal is hidden, such as
 * the word of a tag.
 */
create function audit.shown_key_of(contents jsonb, columns text[], hidden_columns text[])
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return audit.key_of(
        case
            when columns && hidden_columns then audit.hidden(contents, hidden_columns)
            else contents
        end,
        columns
    );
end;
$$;

/*
 * Record the rows that a statement inserted or deleted, whole. The arguments of the trigger are the
 * columns of the primary key, those to hide, and the one that names the business, or nothing.
 * Definer: nobody may write the trail.
 */
create function audit.any__record_whole()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key text[] = tg_argv[0];
    v_hidden text[] = tg_argv[1];
begin
    -- Materialised, so that each row becomes JSON once.
    with images as materialized (select to_jsonb(whole_rows) as image from whole_rows)

    insert into audit.entries (
        table_name, operation, business_id, row_id, before, after, actor_id, actor_role, cause,
        request_id, address, user_agent
    )
    select
        tg_table_schema || '.' || tg_table_name,
        tg_op::audit.operation,
        (images.image ->> tg_argv[2])::uuid,
        audit.shown_key_of(images.image, v_key, v_hidden),
        case tg_op when 'DELETE' then audit.hidden(images.image, v_hidden) end,
        case tg_op when 'INSERT' then audit.hidden(images.image, v_hidden) end,
        origin.actor_id,
        origin.actor_role,
        origin.cause,
        origin.request_id,
        origin.address,
        origin.user_agent
    from images
    cross join audit.origin() as origin;
    return null;
end;
$$;

/*
 * Record what a statement updated, the columns that changed only. A row in which nothing changed
 * but the time of its last change or use is left out. Arguments as for whole rows. A row whose
 * primary key changed has two entries, one without `after` and one without `before`.
 * Definer: nobody may write the trail.
 */
create function audit.any__record_updated()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key text[] = tg_argv[0];
    v_hidden text[] = tg_argv[1];
begin
    -- Materialised, so that each row becomes JSON once.
    with
    old_jsons as materialized (select to_jsonb(old_rows) as image from old_rows),
    new_jsons as materialized (select to_jsonb(new_rows) as image from new_rows),
    old_images as materialized (select image, audit.key_of(image, v_key) as key from old_jsons),
    new_images as materialized (select image, audit.key_of(image, v_key) as key from new_jsons)

    insert into audit.entries (
        table_name, operation, business_id, row_id, before, after, actor_id, actor_role, cause,
        request_id, address, user_agent
    )
    select
        tg_table_schema || '.' || tg_table_name,
        'UPDATE',
        (coalesce(new_images.image, old_images.image) ->> tg_argv[2])::uuid,
        audit.shown_key_of(coalesce(new_images.image, old_images.image), v_key, v_hidden),
        audit.hidden(difference.before, v_hidden),
        audit.hidden(difference.after, v_hidden),
        origin.actor_id,
        origin.actor_role,
        origin.cause,
        origin.request_id,
        origin.address,
        origin.user_agent
    from old_images
    full join new_images on new_images.key = old_images.key
    cross join lateral (
        select
            jsonb_object_agg(columns.key, old_images.image -> columns.key)
                filter (where old_images.image is not null) as before,
            jsonb_object_agg(columns.key, columns.value)
                filter (where new_images.image is not null) as after
        from jsonb_each(coalesce(new_images.image, old_images.image)) as columns
        where
            columns.key not in ('updated_at', 'last_used_at')
            and (
                old_images.image is null
                or new_images.image is null
                or columns.value is distinct from old_images.image -> columns.key
            )
        having count(*) > 0
    ) as difference
    cross join audit.origin() as origin;
    return null;
end;
$$;

/*
 * Record that a table was emptied by TRUNCATE, which shows no rows.
 * Definer: nobody may write the trail.
 */
create function audit.any__record_emptied()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into audit.entries (
        table_name, operation, actor_id, actor_role, cause, request_id, address, user_agent
    )
    select
        tg_table_schema || '.' || tg_table_name,
        'TRUNCATE',
        origin.actor_id,
        origin.actor_role,
        origin.cause,
        origin.request_id,
        origin.address,
        origin.user_agent
    from audit.origin() as origin;
    return null;
end;
$$;

-- sql/08_audit/rules.sql

-- The trail is append-only for everybody, its owner included. What the rule asks is written in the
-- trail itself and not who is asking: an update passes if it does nothing but mask, and the same
-- transaction wrote down that it masks this entry.

/*
 * Refuse to rewrite an entry, unless it is masked and that is written down.
 * Definer: the question is about the trail itself.
 *
 * Errors:  PT409 append_only
 */
create function audit.entries__refuse_rewriting()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_masking audit.maskings;
    v_allowed audit.entries = old;
begin
    select maskings.* into v_masking
    from audit.maskings
    where maskings.entry_id = old.id and maskings.transaction_id = pg_current_xact_id()
    order by maskings.id desc
    limit 1;
    v_allowed.before = audit.masked(old.before, v_masking.columns);
    v_allowed.after = audit.masked(old.after, v_masking.columns);
    if 'address' = any(v_masking.columns) then
        v_allowed.address = null;
    end if;
    if 'user_agent' = any(v_masking.columns) then
        v_allowed.user_agent = null;
    end if;
    if v_masking.id is null or new is distinct from v_allowed then
        perform private.refuse(
            'PT409', 'append_only', 'History cannot be changed.', 'Add a new entry instead.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_rewriting
before update on audit.entries
for each row execute function audit.entries__refuse_rewriting();

-- Entries that private.keep_audit_months may delete.
create trigger _105_refuse_forgetting
before delete on audit.entries
for each row
when (old.at > now() - audit.kept_for())
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on audit.entries
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on audit.entries_else
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on audit.maskings
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on audit.maskings
for each statement execute function private.any__refuse_rewriting();

-- sql/08_audit/policies.sql

-- Nobody writes the trail: triggers do, with their owner's rights. Who may read it is said in
-- 21_oversight, which knows the staff and the members of a business.

alter table audit.entries enable row level security;
alter table audit.entries_else enable row level security;
alter table audit.maskings enable row level security;

grant execute on function
private.keep_audit_months()
to worker;
-- Masking is for the operator's own software.
grant usage on schema audit to service_role;
grant execute on function
audit.mask(bigint[], text[], text)
to service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
