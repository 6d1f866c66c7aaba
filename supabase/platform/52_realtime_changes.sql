-- How our own Realtime server follows changes of rows. Clients see views, so a view is followed by the keys of its
-- table: the publication frontdesk_changes sends nothing but keys, and the server reads the rows through the views as
-- each subscriber. One slot stays a few minutes behind: a server that starts copies it, reads
-- what was missed, and goes on with its own copy, which ends with its connection.
--
-- Everything here needs wal_level = logical. Where the database has another, these functions refuse, and
-- broadcasts work all the same.

/*
 * Return the views that can be followed: the table whose rows they show, and its key. That is the table with the
 * name of the view, or the only one that it reads. A view without its table's primary key cannot be followed.
 */
create or replace function _realtime.views()
returns table (
    view_name text, view_oid oid, table_oid oid, table_name text, key_columns text[], key_types text[]
)
language sql
stable
security invoker
set search_path = ''
begin atomic
    with
    reads as (
        select distinct
            views.oid as view_oid,
            views.relname as view_name,
            tables.oid as table_oid,
            tables.relname as table_name
        from pg_catalog.pg_class as views
        inner join pg_catalog.pg_rewrite on views.oid = pg_rewrite.ev_class
        inner join pg_catalog.pg_depend
            on
                pg_depend.classid = 'pg_catalog.pg_rewrite'::regclass
                and pg_depend.objid = pg_rewrite.oid
                and pg_depend.refclassid = 'pg_catalog.pg_class'::regclass
        inner join pg_catalog.pg_class as tables on pg_depend.refobjid = tables.oid
        where
            views.relnamespace = to_regnamespace('public')
            and views.relkind = 'v'
            and tables.relkind in ('r', 'p')
            and tables.relpersistence = 'p'
            and tables.relreplident = 'd'
    ),

    chosen as (
        select reads.*
        from reads
        where
            reads.table_name = reads.view_name
            or 1 = (select count(*) from reads as others where others.view_oid = reads.view_oid)
    )

    select
        chosen.view_name::text,
        chosen.view_oid,
        chosen.table_oid,
        chosen.table_oid::regclass::text,
        array_agg(columns.attname::text order by keys.position),
        array_agg(format_type(columns.atttypid, null) order by keys.position)
    from chosen
    inner join pg_catalog.pg_index
        on chosen.table_oid = pg_index.indrelid and pg_index.indisprimary
    cross join lateral unnest(pg_index.indkey) with ordinality as keys (attnum, position)
    inner join pg_catalog.pg_attribute as columns
        on chosen.table_oid = columns.attrelid and keys.attnum = columns.attnum
    left join pg_catalog.pg_attribute as shown
        on
            chosen.view_oid = shown.attrelid
            and columns.attname = shown.attname
            and columns.atttypid = shown.atttypid
    group by chosen.view_name, chosen.view_oid, chosen.table_oid
    having count(*) = count(shown.attname);
end;

/*
 * Return the name of this database's slot. Slots belong to the whole cluster, so the database's number is in it.
 */
create or replace function _realtime.slot()
returns name
language sql
stable
security invoker
set search_path = ''
begin atomic
    select ('frontdesk_changes_' || pg_database.oid)::name
    from pg_catalog.pg_database
    where pg_database.datname = current_database();
end;

/*
 * Return the name of this session's copy of the slot.
 */
create or replace function _realtime.own_slot()
returns name
language sql
stable
security invoker
set search_path = ''
begin atomic
    select (_realtime.slot() || '_' || pg_backend_pid())::name;
end;

/*
 * Let the publication send the keys of every table whose view can be followed.
 * Definer: it takes the owner of a table to publish it.
 */
create or replace function _realtime.publish_views()
returns void
language plpgsql
volatile
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
declare
    v_wanted constant text = (
        select string_agg(distinct format(
            '%s (%s)', views.table_name,
            (select string_agg(quote_ident(name), ', ') from unnest(views.key_columns) as t (name))
        ), ', ')
        from _realtime.views()
    );
begin
    if not exists (select 1 from pg_publication where pubname = 'frontdesk_changes') then
        execute 'create publication frontdesk_changes for table ' || v_wanted
            || ' with (publish_via_partition_root = true)';
    elsif v_wanted is distinct from (
        select string_agg(distinct format(
            '%s (%s)', format('%I.%I', published.schemaname, published.tablename)::regclass,
            (select string_agg(quote_ident(name), ', ') from unnest(published.attnames) as t (name))
        ), ', ')
        from pg_publication_tables as published
        where published.pubname = 'frontdesk_changes'
    ) then
        execute 'alter publication frontdesk_changes set table ' || v_wanted;
    end if;
end;
$$;

/*
 * Begin to read changes in this session, from where the slot stands. Returns the cluster's timeline, the position,
 * and whether the slot is new, so that nothing before is known. A slot whose WAL is gone is made anew.
 * Definer: it takes the right to replicate.
 *
 * Errors:  PT409 not_published
 */
create or replace function _realtime.start_changes(out timeline integer, out lsn pg_lsn, out is_new boolean)
returns record
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_own constant name = _realtime.own_slot();
begin
    if current_setting('wal_level') <> 'logical' then
        raise exception using
            errcode = 'PT409',
            message = format(
                'This database does not publish changes: wal_level is %s.', current_setting('wal_level')
            ),
            detail = 'not_published',
            hint = 'Set wal_level = logical and restart PostgreSQL, or use Broadcast, which works as it is.';
    end if;
    perform pg_drop_replication_slot(slot_name)
    from pg_replication_slots
    where slot_name = _realtime.slot() and wal_status = 'lost' and not active;
    is_new = not exists (select 1 from pg_replication_slots where slot_name = _realtime.slot());
    if is_new then
        perform pg_create_logical_replication_slot(_realtime.slot(), 'pgoutput');
    end if;
    perform pg_copy_logical_replication_slot(_realtime.slot(), v_own, true);
    select pg_replication_slots.confirmed_flush_lsn into lsn
    from pg_replication_slots
    where slot_name = v_own;
    timeline = (select timeline_id from pg_control_checkpoint());
end;
$$;

/*
 * Return what pgoutput says of the transactions that were committed since the last call in this session. Where
 * nothing was written since, nothing is decoded.
 * Definer: it takes the right to replicate.
 */
create or replace function _realtime.read_changes(max_changes integer)
returns setof bytea
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_own constant name = _realtime.own_slot();
begin
    if exists (
        select 1
        from pg_replication_slots
        where slot_name = v_own and confirmed_flush_lsn >= pg_current_wal_flush_lsn()
    ) then
        return;
    end if;
    return query
    select data
    from pg_logical_slot_get_binary_changes(
        v_own, null, max_changes,
        'proto_version', '1', 'publication_names', 'frontdesk_changes'
    );
end;
$$;

/*
 * Let the slot keep nothing before a position, and let this session's copy follow the WAL: it would decode again from
 * the last record of running transactions, so one is written when that is far behind. Returns up to where this
 * session has read.
 * Definer: it takes the right to replicate.
 */
create or replace function _realtime.forget_changes(before pg_lsn default null)
returns pg_lsn
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_slot pg_replication_slots;
begin
    for v_slot in
        select * from pg_replication_slots
        where slot_name in (_realtime.slot(), _realtime.own_slot())
    loop
        if v_slot.slot_name = _realtime.slot() and not v_slot.active
            and before > v_slot.confirmed_flush_lsn then
            perform pg_replication_slot_advance(v_slot.slot_name, before);
        elsif v_slot.confirmed_flush_lsn - v_slot.restart_lsn > 4 * 1024 * 1024 then
            perform pg_log_standby_snapshot();
        end if;
    end loop;
    return (
        select confirmed_flush_lsn
        from pg_replication_slots
        where slot_name = _realtime.own_slot()
    );
end;
$$;

/*
 * End the slot: nobody follows changes any more.
 * Definer: it takes the right to replicate.
 */
create or replace function _realtime.stop_changes()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform pg_drop_replication_slot(slot_name)
    from pg_replication_slots
    where slot_name = _realtime.slot() and not active;
end;
$$;

/*
 * End the slot if it keeps more WAL than it may and nobody reads it: no server has run for long. Whoever followed
 * changes is told to reload. Where max_slot_wal_keep_size has a limit, PostgreSQL lets go by itself, even of a slot
 * that is read.
 * Definer: it takes the right to replicate.
 */
create or replace function _realtime.drop_abandoned_slot(max_bytes bigint default 1073741824)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from pg_replication_slots
        where
            slot_name = _realtime.slot()
            and not active
            and (
                restart_lsn is null
                or pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > max_bytes
            )
    ) then
        perform _realtime.stop_changes();
        raise warning 'The slot of Realtime''s changes kept too much WAL and was dropped.';
        return true;
    end if;
    return false;
end;
$$;

revoke execute on all functions in schema _realtime from public;
grant execute on function
_realtime.slot(),
_realtime.own_slot(),
_realtime.views(),
_realtime.publish_views(),
_realtime.start_changes(),
_realtime.read_changes(integer),
_realtime.forget_changes(pg_lsn),
_realtime.stop_changes()
to realtime;
