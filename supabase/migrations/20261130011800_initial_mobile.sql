-- The initial schema of 78_mobile: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/78_mobile/tables.sql

-- What phones need that lose their connection: a log of which row changed for whom, and which
-- versions of an app still work.
--
-- The log has no contents: it says that a row of a view changed, and a reader gets the row through
-- the view, as it is by then and as row-level security shows it.

create schema mobile;
comment on schema mobile is 'Phones: what changed since they last asked, and which apps work.';

/*
 * Is a text a version: one to four numbers with dots between them?
 */
create function mobile.is_version(version text)
returns boolean
language sql
immutable
security invoker
set search_path = ''
as $$
    select is_version.version ~ '^\d{1,6}(\.\d{1,6}){0,3}$';
$$;

/*
 * Return a version as numbers that compare as versions do: 2.10 is later than 2.9, and 2 is 2.0.
 * Null when it is none.
 */
create function mobile.version_numbers(version text)
returns integer[]
language sql
immutable
security invoker
set search_path = ''
as $$
    select
        (string_to_array(version_numbers.version, '.')::integer[] || array[0, 0, 0])[1:4]
    where mobile.is_version(version_numbers.version);
$$;

/*
 * Is a document an object of at most 20 addresses by name?
 */
create function mobile.are_links(links jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when jsonb_typeof(links) <> 'object' then false
        else (
            select
                count(*) <= 20
                and coalesce(
                    bool_and(jsonb_typeof(link.value) = 'string' and length(link.value #>> '{}') <= 500),
                    true
                )
            from jsonb_each(links) as link
        )
    end;
end;
$$;

create table mobile.changes (
    -- A user, for rows that are theirs, or a business, for rows that its members read.
    audience_id uuid not null,
    transaction_id xid8 not null default pg_current_xact_id(),
    view_name text not null,
    row_id uuid not null,
    -- The clock of the machine: transactions are counted by it and not by the platform's clock.
    at timestamptz not null default now(),

    -- It answers: what changed for this audience since this transaction?
    primary key (audience_id, transaction_id, view_name, row_id, at)
)
partition by range (at);
comment on table mobile.changes is
'Which row of which view changed for whom, by transaction. Kept for a month or two.';
comment on column mobile.changes.audience_id is '[person]';

-- What falls into no month that is prepared.
create table mobile.changes_else partition of mobile.changes default;

create table mobile.horizon (
    is_only boolean primary key default true,
    -- Changes of earlier transactions are forgotten.
    transaction_id xid8 not null,

    constraint horizon_has_one_row check (is_only)
);
comment on table mobile.horizon is 'Up to which transaction changes are forgotten, in one row.';

create table mobile.app_releases (
    platform text primary key,
    -- Older versions must be updated before they go on.
    least_version text not null,
    latest_version text not null,
    -- Nobody may use the app, whichever version it has.
    is_stopped boolean not null default false,
    -- What the app shows when it must be updated or is stopped.
    message text,
    store_url text,
    -- Addresses by name: deep links, support, terms.
    links jsonb not null default '{}',
    updated_at timestamptz not null default now(),

    constraint app_releases_platform_is_known check (
        platform in ('ios', 'android', 'web')
        or private.invalid('platform', 'must be ios, android or web')
    ),
    constraint app_releases_least_version_has_numbers check (
        mobile.is_version(least_version)
        or private.invalid('least_version', 'must be numbers with dots, such as 2.10.0')
    ),
    constraint app_releases_latest_version_has_numbers check (
        mobile.is_version(latest_version)
        or private.invalid('latest_version', 'must be numbers with dots, such as 2.10.0')
    ),
    constraint app_releases_latest_is_not_refused check (
        mobile.version_numbers(latest_version) >= mobile.version_numbers(least_version)
        or private.invalid('latest_version', 'must not be below least_version')
    ),
    constraint app_releases_message_is_short check (
        message is null
        or length(btrim(message)) between 1 and 500
        or private.invalid('message', 'must have 1 to 500 characters')
    ),
    constraint app_releases_store_url_is_one check (
        store_url is null
        or store_url ~ '^https://[^\s]+$' and length(store_url) <= 500
        or private.invalid('store_url', 'must be an address that begins with https://')
    ),
    constraint app_releases_links_are_texts check (
        mobile.are_links(links)
        or private.invalid('links', 'must be an object of at most 20 addresses by name')
    )
);
comment on table mobile.app_releases is 'Which versions of an app work, by platform.';

-- sql/78_mobile/functions/audiences_list.sql

-- The one list of what phones keep: which views, and whose rows they are.

/*
 * Return the part of mobile.synced that a business sets up.
 */
create function mobile.synced_catalog()
returns table (
    view_name text, table_name text, key_column text, owner_kind text, owner_column text,
    business_column text
)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.view_name,
        listed.table_name,
        listed.key_column,
        listed.owner_kind,
        listed.owner_column,
        listed.business_column
    from (
        values
        ('profiles', 'identity.profiles', 'id', 'user', 'id', ''),
        ('addresses', 'identity.addresses', 'id', 'user', 'user_id', ''),
        ('businesses', 'business.businesses', 'id', '', '', 'id'),
        ('business_members', 'business.business_members', 'id', '', '', 'business_id'),
        ('stores', 'business.stores', 'id', '', '', 'business_id'),
        ('closures', 'business.closures', 'id', '', '', 'business_id'),
        ('customers', 'customers.customers', 'id', 'user', 'user_id', 'business_id'),
        ('service_categories', 'catalog.service_categories', 'id', '', '', 'business_id'),
        ('services', 'catalog.services', 'id', '', '', 'business_id'),
        ('service_addons', 'catalog.service_addons', 'id', '', '', 'business_id'),
        ('service_questions', 'catalog.service_questions', 'id', '', '', 'business_id'),
        ('resources', 'catalog.resources', 'id', '', '', 'business_id'),
        ('working_hours', 'catalog.working_hours', 'id', '', '', 'business_id'),
        ('schedule_exceptions', 'catalog.schedule_exceptions', 'id', '', '', 'business_id'),
        ('product_categories', 'catalog.product_categories', 'id', '', '', 'business_id'),
        ('products', 'catalog.products', 'id', '', '', 'business_id'),
        ('product_variants', 'catalog.product_variants', 'id', '', '', 'business_id')
    ) as listed (
        view_name, table_name, key_column, owner_kind, owner_column, business_column
    );
end;

/*
 * Return the part of mobile.synced that a customer and a business write to each other.
 */
create function mobile.synced_talks()
returns table (
    view_name text, table_name text, key_column text, owner_kind text, owner_column text,
    business_column text
)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.view_name,
        listed.table_name,
        listed.key_column,
        listed.owner_kind,
        listed.owner_column,
        listed.business_column
    from (
        values
        ('loyalty_entries', 'loyalty.entries', 'id', 'customer', 'customer_id', 'business_id'),
        ('conversations', 'crm.conversations', 'id', 'customer', 'customer_id', 'business_id'),
        (
            'conversations', 'crm.messages', 'conversation_id',
            'conversation', 'conversation_id', 'business_id'
        ),
        (
            'conversations', 'crm.message_reads', 'conversation_id',
            'conversation', 'conversation_id', 'business_id'
        ),
        ('messages', 'crm.messages', 'id', 'conversation', 'conversation_id', 'business_id')
    ) as listed (
        view_name, table_name, key_column, owner_kind, owner_column, business_column
    );
end;

/*
 * Return the part of mobile.synced that customers book, buy and hear of.
 */
create function mobile.synced_purchases()
returns table (
    view_name text, table_name text, key_column text, owner_kind text, owner_column text,
    business_column text
)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.view_name,
        listed.table_name,
        listed.key_column,
        listed.owner_kind,
        listed.owner_column,
        listed.business_column
    from (
        values
        ('bookings', 'scheduling.bookings', 'id', 'user', 'customer_id', 'business_id'),
        (
            'booking_items', 'scheduling.booking_items', 'id',
            'booking', 'booking_id', 'business_id'
        ),
        (
            'waitlist_entries', 'scheduling.waitlist_entries', 'id',
            'user', 'customer_id', 'business_id'
        ),
        (
            'waitlist_entries', 'scheduling.waitlist_offers', 'entry_id',
            'user', 'customer_id', 'business_id'
        ),
        ('orders', 'commerce.orders', 'id', 'user', 'customer_id', 'business_id'),
        ('order_items', 'commerce.order_items', 'id', 'order', 'order_id', 'business_id'),
        ('shipments', 'commerce.shipments', 'id', 'order', 'order_id', 'business_id'),
        ('returns', 'commerce.returns', 'id', 'order', 'order_id', 'business_id'),
        ('wishlist_items', 'commerce.wishlist_items', 'id', 'user', 'user_id', ''),
        ('membership_plans', 'memberships.membership_plans', 'id', '', '', 'business_id'),
        ('memberships', 'memberships.memberships', 'id', 'user', 'user_id', 'business_id'),
        ('notifications', 'engagement.notifications', 'id', 'user', 'user_id', '')
    ) as listed (
        view_name, table_name, key_column, owner_kind, owner_column, business_column
    );
end;

/*
 * Return how rows of the synced views reach their readers: one row a table whose changes show in a
 * view, in the order in which they are read. `key_column` has the id of the view's row;
 * `owner_column` leads to the user whose row it is, by `owner_kind`: it is the user, or a customer,
 * booking, order or conversation of theirs. Both are empty for rows that only members of the
 * business read, and `business_column` is empty for rows of no business.
 */
create function mobile.synced()
returns table (
    view_name text, table_name text, key_column text, owner_kind text, owner_column text,
    business_column text
)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        catalog.view_name,
        catalog.table_name,
        catalog.key_column,
        catalog.owner_kind,
        catalog.owner_column,
        catalog.business_column
    from mobile.synced_catalog() as catalog
    union all
    select
        purchases.view_name,
        purchases.table_name,
        purchases.key_column,
        purchases.owner_kind,
        purchases.owner_column,
        purchases.business_column
    from mobile.synced_purchases() as purchases
    union all
    select
        talks.view_name,
        talks.table_name,
        talks.key_column,
        talks.owner_kind,
        talks.owner_column,
        talks.business_column
    from mobile.synced_talks() as talks;
end;

/*
 * Return the user to whom something leads: see mobile.synced. Null when it leads to nobody.
 */
create function mobile.owner(kind text, id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case owner.kind
        when 'user' then owner.id
        when 'customer' then (
            select customers.user_id from customers.customers where customers.id = owner.id
        )
        when 'booking' then (
            select bookings.customer_id from scheduling.bookings where bookings.id = owner.id
        )
        when 'order' then (
            select orders.customer_id from commerce.orders where orders.id = owner.id
        )
        when 'conversation' then (
            select customers.user_id
            from crm.conversations
            inner join customers.customers on conversations.customer_id = customers.id
            where conversations.id = owner.id
        )
    end;
end;
$$;

-- sql/78_mobile/functions/audiences_scopes.sql

-- What somebody keeps on a phone: their own rows (scope `own`), and the rows of a business in which
-- they work (scope `business:ID`).

/*
 * Return the caller's scopes with their mark: what changes when other rows come into sight all at
 * once, as with another role. `scopes` are the wanted ones; null for all. A business that the
 * caller has left is absent.
 *
 * Errors:  PT400 invalid_input
 */
create function mobile.caller_scopes(scopes text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1 from unnest(scopes) as wanted (name)
        where (wanted.name ~ '^(own|business:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$') is not true
    ) or cardinality(scopes) not between 1 and 100 then
        perform private.invalid('scopes', 'must be 1 to 100 of own and business:ID');
    end if;
    return (
        select coalesce(jsonb_object_agg(present.name, present.mark), '{}')
        from (
            select 'own', 'user'
            union all
            select 'business:' || business_members.business_id, business_members.role::text
            from public.business_members
            where business_members.user_id = (select auth.uid())
        ) as present (name, mark)
        where caller_scopes.scopes is null or present.name = any(caller_scopes.scopes)
    );
end;
$$;

/*
 * Return whose changes a scope has: the caller, or the business.
 */
create function mobile.audience(scope text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case audience.scope
        when 'own' then (select auth.uid())
        else substr(audience.scope, length('business:') + 1)::uuid
    end;
end;
$$;

/*
 * Return the views of a scope, in the order in which they are read: what others refer to first.
 */
create function mobile.views(scope text)
returns text[]
language sql
immutable
security invoker
set search_path = ''
as $$
    select array_agg(listed.view_name order by listed.position)
    from (
        select
            synced.view_name,
            min(synced.position) as position
        from mobile.synced()
            with ordinality as synced (
                view_name, table_name, key_column, owner_kind, owner_column, business_column, position
            )
        where
            case views.scope when 'own' then synced.owner_kind else synced.business_column end <> ''
        group by synced.view_name
    ) as listed;
$$;

/*
 * Return the condition, as SQL, that a row of a view belongs to a scope; $1 is its audience.
 */
create function mobile.condition(scope text, view_name text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
    select format(
        case
            when condition.scope <> 'own' then 'shown.%2$I = $1'
            else case synced.owner_kind
                when 'user' then 'shown.%1$I = $1'
                when 'customer' then 'shown.%1$I = any(array(select customers.mine()))'
                when 'booking' then
                    'shown.%1$I in (select id from public.bookings where customer_id = $1)'
                when 'order' then
                    'shown.%1$I in (select id from public.orders where customer_id = $1)'
                when 'conversation' then
                    'shown.%1$I in (select id from public.conversations '
                    || 'where customer_id = any(array(select customers.mine())))'
            end
        end,
        synced.owner_column,
        synced.business_column
    )
    from mobile.synced() as synced
    where synced.view_name = condition.view_name and synced.key_column = 'id';
$$;

-- sql/78_mobile/functions/cursors.sql

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

-- sql/78_mobile/functions/months.sql

-- The months of the log. Each is a table of its own, which is dropped as a whole.

/*
 * Note that the changes up to a transaction are forgotten; null for none.
 */
create function mobile.forget_until(transaction_id xid8)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
    insert into mobile.horizon (transaction_id)
    select (forget_until.transaction_id::text::bigint + 1)::text::xid8
    where forget_until.transaction_id is not null
    on conflict (is_only) do update
    set transaction_id = greatest(horizon.transaction_id, excluded.transaction_id);
$$;

/*
 * Prepare this month and the next, and drop those before the last one; phones with an older cursor
 * read in full. Waits at most two seconds for those who read.
 * Definer: called by the workers, who own nothing.
 */
create function mobile.keep_months()
returns void
language plpgsql
volatile
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
declare
    v_month date = date_trunc('month', now() at time zone 'UTC');
    v_old regclass;
    v_last xid8;
begin
    perform pg_advisory_xact_lock(hashtextextended('mobile.changes', 0));
    perform private.prepare_month('mobile.changes', v_month);
    perform private.prepare_month('mobile.changes', (v_month + interval '1 month')::date);
    for v_old in
        select private.months_before('mobile.changes', v_month - interval '1 month')
    loop
        execute format('select max(transaction_id) from %s', v_old) into v_last;
        execute format('drop table %s', v_old);
        perform mobile.forget_until(v_last);
    end loop;
    with deleted as (
        delete from mobile.changes_else
        where changes_else.at < v_month - interval '1 month'
        returning changes_else.transaction_id
    )
    select max(deleted.transaction_id) into v_last from deleted;
    perform mobile.forget_until(v_last);
end;
$$;

-- sql/78_mobile/functions/pushing.sql

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

-- sql/78_mobile/functions/reading.sql

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

-- sql/78_mobile/functions/syncing.sql

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

-- sql/78_mobile/rules.sql

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

-- sql/78_mobile/policies.sql

-- Nobody reads or writes the log of changes: triggers write it, and mobile.changes_after returns
-- the caller's own part. Everybody reads which apps work; admins of the platform write it.

alter table mobile.changes enable row level security;
alter table mobile.changes_else enable row level security;
alter table mobile.horizon enable row level security;
alter table mobile.app_releases enable row level security;

grant usage on schema mobile to anon, authenticated, service_role, worker;
grant execute on function
mobile.is_version(text),
mobile.version_numbers(text),
mobile.are_links(jsonb)
to anon, authenticated, service_role;
grant execute on function
mobile.synced_catalog(),
mobile.synced_purchases(),
mobile.synced_talks(),
mobile.synced(),
mobile.caller_scopes(text[]),
mobile.audience(text),
mobile.views(text),
mobile.condition(text, text),
mobile.version(text),
mobile.read_rows(text, text, uuid[], uuid, integer),
mobile.changes_after(text[], xid8, text, uuid, integer),
mobile.forgotten_until(),
mobile.new_state(),
mobile.read_state(text),
mobile.with_scopes(jsonb, jsonb),
mobile.read_in_full(jsonb, integer),
mobile.read_changed(text[], text[], uuid[]),
mobile.read_log(jsonb, integer),
mobile.require_columns(text, jsonb, text),
mobile.shown_row(text, uuid),
mobile.push_new(text, uuid, jsonb),
mobile.push_update(text, uuid, jsonb, text),
mobile.push_delete(text, uuid, text),
mobile.unwritten(text, uuid, jsonb, text)
to authenticated, service_role;
grant execute on function
mobile.keep_months()
to worker;

grant select on mobile.app_releases to anon, authenticated;
grant insert (
    platform, least_version, latest_version, is_stopped, message, store_url, links
) on mobile.app_releases to authenticated;
grant update (
    platform, least_version, latest_version, is_stopped, message, store_url, links
) on mobile.app_releases to authenticated;
grant delete on mobile.app_releases to authenticated;
grant select, insert, update, delete on mobile.app_releases to service_role;

create policy app_releases_select
on mobile.app_releases
for select
to anon, authenticated
using (true);

create policy app_releases_insert
on mobile.app_releases
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy app_releases_update
on mobile.app_releases
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy app_releases_delete
on mobile.app_releases
for delete
to authenticated
using ((select private.is_platform_staff('admin')));

-- sql/78_mobile/api/apps.sql

-- Which versions of an app work.

create view public.app_releases
with (security_invoker = true)
as
select
    app_releases.platform,
    app_releases.least_version,
    app_releases.latest_version,
    app_releases.is_stopped,
    app_releases.message,
    app_releases.store_url,
    app_releases.links,
    app_releases.updated_at
from mobile.app_releases;
grant select on public.app_releases to anon, authenticated;
grant insert, update, delete on public.app_releases to authenticated;
grant select, insert, update, delete on public.app_releases to service_role;

comment on view public.app_releases is
'Which versions of an app work, one row a platform. Everybody reads them; admins of the platform '
'write them. Apps ask `app_config`.';
comment on column public.app_releases.platform is 'ios, android or web.';
comment on column public.app_releases.least_version is
'The oldest version that works, such as 2.10.0; older ones must be updated.';
comment on column public.app_releases.latest_version is 'The newest version.';
comment on column public.app_releases.is_stopped is
'Whether nobody may use the app at present, whichever version it has.';
comment on column public.app_releases.message is
'What the app shows when it is stopped or too old; null for its own words.';
comment on column public.app_releases.store_url is 'Where to get the newest version, or null.';
comment on column public.app_releases.links is
'Addresses by name, such as {"booking": "https://example.com/b/{slug}"}.';
comment on column public.app_releases.updated_at is 'When it last changed.';

/*
 * Return whether a version of an app works, and where to get a newer one.
 *
 * Errors:  PT400 invalid_input
 */
create function public.app_config(platform text, version text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_version integer[] = mobile.version_numbers(version);
begin
    if platform not in ('ios', 'android', 'web') is not false then
        perform private.invalid('platform', 'must be ios, android or web');
    elsif v_version is null then
        perform private.invalid('version', 'must be numbers with dots, such as 2.10.0');
    end if;
    return (
        select jsonb_build_object(
            'platform', app_config.platform,
            'version', app_config.version,
            'is_supported', coalesce(
                not app_releases.is_stopped
                and v_version >= mobile.version_numbers(app_releases.least_version),
                true
            ),
            'is_latest', coalesce(
                v_version >= mobile.version_numbers(app_releases.latest_version), true
            ),
            'is_stopped', coalesce(app_releases.is_stopped, false),
            'least_version', app_releases.least_version,
            'latest_version', app_releases.latest_version,
            'message', app_releases.message,
            'store_url', app_releases.store_url,
            'links', coalesce(app_releases.links, '{}')
        )
        from (values (1)) as one (row)
        left join public.app_releases on app_releases.platform = app_config.platform
    );
end;
$$;
grant execute on function public.app_config(text, text) to anon, authenticated, service_role;
comment on function public.app_config(text, text) is
'Return whether this version of an app works. Ask at each start.

Returns `is_supported` (false: update before you go on, or the app is stopped), `is_latest`, '
'`is_stopped`, `least_version`, `latest_version`, `message`, `store_url` and `links`. A platform '
'without a row supports every version.

Errors: invalid_input 400.';

-- sql/78_mobile/api/push.sql

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

-- sql/78_mobile/api/sync.sql

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

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
