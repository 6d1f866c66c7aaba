-- The list of what phones keep agrees with the catalog, and the log forgets whole months.
begin;
select plan(8);

select results_eq(
    $$ select distinct synced.view_name, pg_depend.refobjid::regclass::text collate "C"
       from mobile.synced()
       inner join pg_rewrite on pg_rewrite.ev_class = ('public.' || synced.view_name)::regclass
       inner join pg_depend
           on pg_depend.classid = 'pg_rewrite'::regclass
           and pg_depend.objid = pg_rewrite.oid
           and pg_depend.refclassid = 'pg_class'::regclass
           and pg_depend.refobjid <> pg_rewrite.ev_class
       -- An entry of points never changes what it says of its lot, nor a product of its ratings.
       where pg_depend.refobjid::regclass::text not in ('loyalty.lots')
       order by 1, 2 $$,
    $$ select synced.view_name, synced.table_name collate "C" from mobile.synced() order by 1, 2 $$,
    'every table that a synced view reads is logged for it'
);
select is_empty(
    $$ select synced.view_name, synced.table_name from mobile.synced()
       where 3 <> (
           select count(*) from pg_trigger
           where
               pg_trigger.tgrelid = synced.table_name::regclass
               and pg_trigger.tgname like '\_970\_log\_%\_of\_' || synced.view_name
       ) $$,
    'by its three triggers'
);
select is_empty(
    $$ select synced.view_name from mobile.synced()
       where synced.key_column = 'id' and synced.business_column <> '' and not exists (
           select 1 from pg_index
           inner join pg_attribute
               on pg_attribute.attrelid = pg_index.indrelid
               and pg_attribute.attnum = pg_index.indkey[0]
           where
               pg_index.indrelid = synced.table_name::regclass
               and pg_attribute.attname = synced.business_column
       ) $$,
    'and an index leads with the business, so a page costs what it returns'
);

-- Months
select isnt(
    to_regclass('mobile.changes_' || to_char(now() at time zone 'UTC', 'YYYY_MM')), null,
    'this month is prepared'
);
create table mobile.changes_2020_01 partition of mobile.changes
for values from ('2020-01-01Z') to ('2020-02-01Z');
insert into mobile.changes (audience_id, transaction_id, view_name, row_id, at)
values (gen_random_uuid(), '5', 'services', gen_random_uuid(), '2020-01-02Z'),
(gen_random_uuid(), '9', 'services', gen_random_uuid(), '2020-02-02Z');
select tests.act_as_role('worker');
select lives_ok('select mobile.keep_months()', 'the workers keep the months');
select tests.act_as_owner();
select is(to_regclass('mobile.changes_2020_01'), null, 'an old one is dropped');
select is(
    (select count(*) from mobile.changes where changes.at < '2021-01-01Z'), 0::bigint,
    'with what no month had'
);
select is(mobile.forgotten_until(), '10'::xid8, 'and a cursor that needs it begins anew');

select * from finish();
rollback;
