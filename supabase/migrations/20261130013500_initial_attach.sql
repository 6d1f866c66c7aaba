-- The initial schema of 95_attach: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/95_attach/functions/exceptions.sql

-- What the audit trail leaves out, and why. Every other change of every table is audited, of a new
-- table as well, without anybody's doing. Keep the list short, and give the reason.

/*
 * Return the tables whose rows come with a release; nobody changes them while the platform runs.
 */
create function audit.released_tables()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.table_name,
        listed.operations::text[],
        listed.reason
    from (
        values
        ('business.business_transitions', '{insert,update,delete}', 'comes with a release'),
        ('commerce.order_steps', '{insert,update,delete}', 'comes with a release'),
        ('commerce.wholesale_steps', '{insert,update,delete}', 'comes with a release'),
        ('engagement.events', '{insert,update,delete}', 'comes with a release'),
        ('engagement.reminder_kinds', '{insert,update,delete}', 'comes with a release'),
        ('engagement.variables', '{insert,update,delete}', 'comes with a release'),
        ('files.kinds', '{insert,update,delete}', 'comes with a release'),
        ('flags.kinds', '{insert,update,delete}', 'comes with a release'),
        ('insight.report_fields', '{insert,update,delete}', 'comes with a release'),
        ('insight.report_subjects', '{insert,update,delete}', 'comes with a release'),
        ('integrations.event_types', '{insert,update,delete}', 'comes with a release'),
        ('integrations.scope_objects', '{insert,update,delete}', 'comes with a release'),
        ('integrations.scopes', '{insert,update,delete}', 'comes with a release'),
        ('pricing.currencies', '{insert,update,delete}', 'comes with a release'),
        ('private.subjects', '{insert,update,delete}', 'comes with a release'),
        ('reviews.review_transitions', '{insert,update,delete}', 'comes with a release'),
        ('scheduling.booking_transitions', '{insert,update,delete}', 'comes with a release')
    ) as listed (table_name, operations, reason);
end;

/*
 * Return the tables that are records themselves, and those whose rows are kept for a day.
 */
create function audit.record_tables()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.table_name,
        listed.operations::text[],
        listed.reason
    from (
        values
        ('audit.entries', '{insert,update,delete}', 'the trail itself'),
        ('audit.maskings', '{insert,update,delete}', 'what was masked in the trail'),
        ('business.business_history', '{insert,update,delete}', 'a record, only added to'),
        ('commerce.order_changes', '{insert,update,delete}', 'a record, only added to'),
        ('commerce.order_history', '{insert,update,delete}', 'a record, only added to'),
        ('commerce.stock_movements', '{insert,update,delete}', 'a record, only added to'),
        ('commerce.wholesale_history', '{insert,update,delete}', 'a record, only added to'),
        ('crm.merge_changes', '{insert,update,delete}', 'a record, only added to'),
        ('engagement.notification_deliveries', '{insert,update,delete}', 'a record of messages'),
        ('identity.activity_events', '{insert,update,delete}', 'a record, only added to'),
        ('identity.platform_staff_history', '{insert,update,delete}', 'a record, only added to'),
        ('insight.day_changes', '{insert,update,delete}', 'which days to count, until they are'),
        ('insight.events', '{insert,update,delete}', 'a record of visitors without persons'),
        ('insight.takings', '{insert,update,delete}', 'a record that follows from the ledger'),
        ('integrations.events', '{insert,update,delete}', 'a record, only added to'),
        ('integrations.webhook_attempts', '{insert,update,delete}', 'a record, only added to'),
        ('integrations.webhook_deliveries', '{insert,update,delete}', 'a record of messages'),
        ('mobile.changes', '{insert,update,delete}', 'a record, kept for two months'),
        ('mobile.changes_else', '{insert,update,delete}', 'a record, kept for two months'),
        ('mobile.horizon', '{insert,update,delete}', 'follows from the log of changes'),
        ('money.entries', '{insert,update,delete}', 'the ledger, only added to'),
        ('money.gift_card_lookups', '{insert,update,delete}', 'wrong codes, kept for a day'),
        ('money.transactions', '{insert,update,delete}', 'the ledger, only added to'),
        ('private.deleted_subjects', '{insert,update,delete}', 'a record, only added to'),
        ('private.idempotency_keys', '{insert,update,delete}', 'answers, kept for a day'),
        ('reviews.review_history', '{insert,update,delete}', 'a record, only added to'),
        ('reviews.review_versions', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sale_line_discounts', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sale_line_taxes', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sale_lines', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sale_taxes', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sales', '{insert}', 'a record of its own; who bought may change, and is audited'),
        ('scheduling.booking_history', '{insert,update,delete}', 'a record, only added to')
    ) as listed (table_name, operations, reason);
end;

/*
 * Return the tables whose rows follow from others: the trail has the change that they follow from.
 */
create function audit.derived_tables()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.table_name,
        listed.operations::text[],
        listed.reason
    from (
        values
        ('commerce.order_items', '{insert}', 'written with its order'),
        ('commerce.return_items', '{insert}', 'written with its return'),
        ('commerce.shipment_items', '{insert}', 'written with its shipment'),
        ('commerce.stock_lot_movements', '{insert,update,delete}', 'follows from movements'),
        ('customers.allowances', '{insert,update,delete}', 'follows from memberships and sales'),
        ('engagement.notifications', '{insert,delete}', 'written by the workers for everybody'),
        ('engagement.reminders', '{insert,update,delete}', 'follows from bookings'),
        ('files.renditions', '{insert,update,delete}', 'follows from media'),
        ('loyalty.accounts', '{insert,update,delete}', 'follows from its entries'),
        ('loyalty.earnings', '{insert,update,delete}', 'follows from sales'),
        ('loyalty.lots', '{insert,update,delete}', 'follows from its entries'),
        ('memberships.charge_attempts', '{insert,update,delete}', 'follows from payments'),
        ('memberships.membership_periods', '{insert,update,delete}', 'follows from memberships'),
        ('money.accounts', '{insert,update,delete}', 'opened by the ledger'),
        ('money.checkpoint_runs', '{insert,update,delete}', 'follows from the ledger'),
        ('money.checkpoints', '{insert,update,delete}', 'follows from the ledger'),
        ('money.commissions', '{insert,update,delete}', 'follows from deliveries and refunds'),
        ('money.credit_payments', '{insert,update,delete}', 'written with its payment'),
        ('money.earnings', '{insert,update,delete}', 'follows from deliveries and refunds'),
        ('money.line_terms', '{insert,update,delete}', 'follows from deliveries and refunds'),
        ('money.open_earnings', '{insert,update,delete}', 'follows from earnings and payouts'),
        ('money.payout_runs', '{insert,update,delete}', 'follows from schedules and runs'),
        ('money.period_balances', '{insert,update,delete}', 'follows from the ledger'),
        ('money.spendable_balances', '{insert,update,delete}', 'follows from the ledger'),
        ('pricing.day_demands', '{insert,update,delete}', 'follows from bookings'),
        ('private.effects', '{insert,update,delete}', 'working state of the workers'),
        ('reviews.rating_changes', '{insert,update,delete}', 'follows from reviews'),
        ('reviews.rating_totals', '{insert,update,delete}', 'follows from reviews'),
        ('scheduling.allocations', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.booking_items', '{insert}', 'written with its booking'),
        ('scheduling.busy_times', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.freed_times', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.holds', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.scheduled_transitions', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.seats', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.shared_resources', '{insert,update,delete}', 'follows from profiles'),
        ('scheduling.waitlist_offers', '{insert,update,delete}', 'follows from the waitlist'),
        ('search.documents', '{insert,update,delete}', 'follows from the catalog'),
        ('search.entries', '{insert,update,delete}', 'follows from the catalog'),
        ('search.pairs', '{insert,update,delete}', 'follows from sales'),
        ('search.popular', '{insert,update,delete}', 'follows from sales'),
        ('search.words', '{insert,update,delete}', 'follows from the catalog')
    ) as listed (table_name, operations, reason);
end;

/*
 * Return the tables of figures: they are counted from other rows, again and again.
 */
create function audit.counted_tables()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.table_name,
        '{insert,update,delete}'::text[],
        listed.reason
    from (
        values
        ('insight.customer_values', 'counted from sales'),
        ('insight.days', 'counted from other rows'),
        ('insight.forecasts', 'made from bookings and sales'),
        ('insight.kept_days', 'counted from other rows'),
        ('insight.unusual_days', 'found in days'),
        ('insight.value_models', 'fitted to sales')
    ) as listed (table_name, reason);
end;

/*
 * Return the operations that are not audited, by table, with the reason.
 */
create function audit.exceptions()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        released.table_name,
        released.operations,
        released.reason
    from audit.released_tables() as released
    union all
    select
        records.table_name,
        records.operations,
        records.reason
    from audit.record_tables() as records
    union all
    select
        derived.table_name,
        derived.operations,
        derived.reason
    from audit.derived_tables() as derived
    union all
    select
        counted.table_name,
        counted.operations,
        counted.reason
    from audit.counted_tables() as counted;
end;

-- sql/95_attach/functions/relations.sql

-- What the audit trail asks of a table: its key, its business, and what it hides.

/*
 * Return the columns that name a row of a table, in order: those of its primary key, else of a
 * unique key.
 */
create function audit.key_columns(relation regclass)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select pg_attribute.attname::text
        from pg_catalog.pg_index
        cross join unnest(pg_index.indkey) with ordinality as keys (attnum, position)
        inner join pg_catalog.pg_attribute
            on
                pg_attribute.attrelid = pg_index.indrelid
                and pg_attribute.attnum = keys.attnum
        where pg_index.indexrelid = (
            select unique_keys.indexrelid
            from pg_catalog.pg_index as unique_keys
            where
                unique_keys.indrelid = key_columns.relation
                and unique_keys.indisunique
                and unique_keys.indpred is null
                and unique_keys.indexprs is null
            order by unique_keys.indisprimary desc, unique_keys.indexrelid
            limit 1
        )
        order by keys.position
    );
end;
$$;

/*
 * Return the columns of a table that the trail hides: those whose comment is tagged as personal or
 * secret, and bytes, which are hashes or sealed.
 */
create function audit.hidden_columns(relation regclass)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select pg_attribute.attname::text
        from pg_catalog.pg_attribute
        left join private.tags_of(hidden_columns.relation) as tagged
            on tagged.column_name = pg_attribute.attname
        where
            pg_attribute.attrelid = hidden_columns.relation
            and pg_attribute.attnum > 0
            and not pg_attribute.attisdropped
            and (
                tagged.is_personal or tagged.is_secret
                or pg_attribute.atttypid = 'pg_catalog.bytea'::regtype
            )
        order by pg_attribute.attnum
    );
end;
$$;

/*
 * Return the tables of the domains with the operations that are recorded, and the column that names
 * the business, or nothing.
 */
create function audit.audited_tables()
returns table (relation regclass, operations text[], business_column text)
language sql
stable
security invoker
set search_path = ''
begin atomic
    select
        pg_class.oid::regclass as relation,
        array(
            select operations.operation
            from unnest('{insert,update,delete}'::text[]) as operations (operation)
            where operations.operation <> all(coalesce(exceptions.operations, '{}'))
        ) as operations,
        case
            when pg_class.oid = 'business.businesses'::regclass then 'id'
            when exists (
                select 1
                from pg_catalog.pg_attribute
                where
                    pg_attribute.attrelid = pg_class.oid
                    and pg_attribute.attname = 'business_id'
                    and not pg_attribute.attisdropped
            ) then 'business_id'
            else ''
        end as business_column
    from pg_catalog.pg_class
    inner join pg_catalog.pg_namespace on pg_class.relnamespace = pg_namespace.oid
    left join audit.exceptions() as exceptions
        on pg_class.oid = to_regclass(exceptions.table_name)
    where
        pg_class.relkind in ('r', 'p')
        and not pg_class.relispartition
        and pg_class.relpersistence = 'p'
        and pg_class.relowner = current_user::regrole
        and pg_namespace.nspname !~ '^pg_'
        and pg_namespace.nspname not in (
            'auth', 'extensions', 'information_schema', 'pgmq', 'public', 'realtime', 'storage',
            'supabase_migrations', 'tests', 'vault'
        );
end;

-- sql/95_attach/rules.sql

-- The audit trail hangs on every table of the domains, but for what audit.exceptions() leaves out.
-- The arguments of a trigger are the columns of the primary key, those to hide, and the one that
-- names the business.
do $$
declare
    v_trigger record;
begin
    for v_trigger in
        select
            audited.relation,
            triggers.*,
            format(
                '%L, %L, %L',
                audit.key_columns(audited.relation),
                audit.hidden_columns(audited.relation),
                audited.business_column
            ) as arguments
        from audit.audited_tables() as audited
        inner join (
            values
            ('insert', 'inserted', 'referencing new table as whole_rows',
                'audit.any__record_whole'),
            ('update', 'updated', 'referencing old table as old_rows new table as new_rows',
                'audit.any__record_updated'),
            ('delete', 'deleted', 'referencing old table as whole_rows',
                'audit.any__record_whole'),
            ('truncate', 'emptied', '', 'audit.any__record_emptied')
        ) as triggers (operation, done, referencing, function_name)
            on
                triggers.operation = any(audited.operations)
                or (triggers.operation = 'truncate' and audited.operations <> '{}')
    loop
        execute format(
            'create trigger _990_record_%s after %s on %s %s '
            'for each statement execute function %s(%s)',
            v_trigger.done, v_trigger.operation, v_trigger.relation, v_trigger.referencing,
            v_trigger.function_name, v_trigger.arguments
        );
    end loop;
end;
$$;

-- sql/95_attach/policies.sql

-- What an API key may reach. The role api_key inherits what members may do; these restrictive
-- policies leave of it the tables of the schemas that its scopes open. They hang on every table
-- that members can reach, of a new table as well, without anybody's doing. A table whose schema no
-- scope opens is closed to keys.
--
-- Every key reads businesses, verticals and currencies, because the policies and views of other
-- tables ask them.
do $$
declare
    v_policy record;
    v_condition text;
begin
    for v_policy in
        select
            pg_class.oid::regclass as relation,
            pg_class.relname,
            lower(commands.privilege) as command,
            coalesce(subjects.subject, '') as subject,
            commands.access
        from pg_class
        inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
        left join integrations.schema_subjects() as subjects
            on subjects.schema_name = pg_namespace.nspname
        cross join (
            values
            ('SELECT', 'read'), ('INSERT', 'write'), ('UPDATE', 'write'), ('DELETE', 'write')
        ) as commands (privilege, access)
        where
            pg_class.relkind in ('r', 'p')
            and not pg_class.relispartition
            and pg_class.relrowsecurity
            and pg_namespace.nspname not in ('auth', 'pgmq', 'private', 'extensions')
            and case commands.privilege
                when 'DELETE' then has_table_privilege('authenticated', pg_class.oid, 'DELETE')
                else has_any_column_privilege('authenticated', pg_class.oid, commands.privilege)
            end
            and not (
                commands.privilege = 'SELECT'
                and pg_class.oid::regclass::text in (
                    'business.businesses', 'business.verticals', 'pricing.currencies'
                )
            )
        order by 1, 3
    loop
        v_condition = format(
            '(select private.key_may(%L, %L))', v_policy.subject, v_policy.access
        );
        execute format(
            'create policy %I on %s as restrictive for %s to api_key %s %s',
            v_policy.relname || '_key_' || v_policy.command,
            v_policy.relation,
            v_policy.command,
            case when v_policy.command <> 'insert' then 'using (' || v_condition || ')' else '' end,
            case
                when v_policy.command in ('insert', 'update')
                    then 'with check (' || v_condition || ')'
                else ''
            end
        );
    end loop;
end;
$$;

-- sql/95_attach/api.sql

-- What is attached to everything that the other domains made, from the catalog and never by hand.
--
-- A view has no defaults of its own, so PostgREST would insert nulls where a client asks for them
-- (`Prefer: missing=default`, `defaultToNull: false` of supabase-js). A column of a view that takes
-- inserts has the default of the column of that name of the table of that name, which it shows.
do $$
declare
    v_column record;
begin
    for v_column in
        select
            view_class.oid::regclass as view_name,
            view_column.attname as name,
            pg_get_expr(pg_attrdef.adbin, pg_attrdef.adrelid) as expression
        from pg_class as view_class
        inner join pg_class as table_class
            on table_class.relname = view_class.relname and table_class.relkind in ('r', 'p')
        inner join pg_attribute as view_column on view_column.attrelid = view_class.oid
        inner join pg_attribute as table_column
            on
                table_column.attrelid = table_class.oid
                and table_column.attname = view_column.attname
                and table_column.attgenerated = ''
        inner join pg_attrdef
            on
                pg_attrdef.adrelid = table_class.oid
                and pg_attrdef.adnum = table_column.attnum
        where
            view_class.relnamespace = 'public'::regnamespace
            and view_class.relkind = 'v'
            and (pg_relation_is_updatable(view_class.oid, false) & 8) <> 0
            and exists (
                select 1
                from pg_rewrite
                inner join pg_depend
                    on
                        pg_depend.classid = 'pg_rewrite'::regclass
                        and pg_depend.objid = pg_rewrite.oid
                        and pg_depend.refclassid = 'pg_class'::regclass
                        and pg_depend.refobjid = table_class.oid
                where pg_rewrite.ev_class = view_class.oid
            )
    loop
        execute format(
            'alter view %s alter column %I set default %s',
            v_column.view_name, v_column.name, v_column.expression
        );
    end loop;
end;
$$;

-- PostgreSQL cannot write a view that counts or joins, and says so as if the server had failed.
-- Each such view refuses in our own words.
do $$
declare
    v_view regclass;
begin
    for v_view in
        select pg_class.oid
        from pg_class
        where
            pg_class.relnamespace in ('public'::regnamespace, 'analytics'::regnamespace)
            and pg_class.relkind = 'v'
            and pg_relation_is_updatable(pg_class.oid, true) = 0
    loop
        execute format(
            'create trigger _100_refuse_writing instead of insert or update or delete on %s '
            'for each row execute function private.any__refuse_writing()',
            v_view
        );
    end loop;
end;
$$;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
