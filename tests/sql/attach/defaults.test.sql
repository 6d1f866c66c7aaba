-- Views take inserts as their tables do: what a client leaves out is the table's default.
begin;
select plan(3);

create temporary view defaults as
select
    view_class.relname as view_name,
    view_column.attname as column_name,
    pg_get_expr(of_table.adbin, of_table.adrelid) as of_table,
    pg_get_expr(of_view.adbin, of_view.adrelid) as of_view
from pg_class as view_class
inner join pg_class as table_class
    on view_class.relname = table_class.relname and table_class.relkind in ('r', 'p')
inner join pg_attribute as view_column on view_class.oid = view_column.attrelid
inner join pg_attribute as table_column
    on
        table_class.oid = table_column.attrelid
        and view_column.attname = table_column.attname
        and table_column.attgenerated = ''
inner join pg_attrdef as of_table
    on table_class.oid = of_table.adrelid and table_column.attnum = of_table.adnum
left join pg_attrdef as of_view
    on view_class.oid = of_view.adrelid and view_column.attnum = of_view.adnum
where
    view_class.relnamespace = 'public'::regnamespace
    and has_column_privilege('authenticated', view_class.oid, view_column.attnum, 'insert')
    and table_class.relnamespace::regnamespace::text in (
        'identity', 'business', 'customers', 'files', 'catalog', 'pricing', 'sales', 'money',
        'scheduling', 'commerce', 'memberships', 'reviews', 'crm', 'content', 'engagement',
        'integrations'
    );

select isnt_empty('select * from defaults', 'there are views to look at');
select is_empty(
    'select * from defaults where of_view is distinct from of_table',
    'every column that clients insert has the default of its table'
);
alter view public.services alter column hold_minutes drop default;
select results_eq(
    'select column_name from defaults where of_view is distinct from of_table',
    '{hold_minutes}'::name[],
    'a column without it is noticed'
);

select * from finish();
rollback;
