-- The columns of every reference lead an index: deletes and joins would read the whole table.
select
    pg_constraint.conrelid::regclass::text || '.' || pg_constraint.conname as object
from pg_constraint
where
    pg_constraint.contype = 'f'
    and pg_constraint.connamespace::regnamespace::text = any(%(schemas)s)
    and not exists (
        select 1
        from pg_index
        where
            pg_index.indrelid = pg_constraint.conrelid
            and (pg_index.indpred is null
                or pg_get_expr(pg_index.indpred, pg_index.indrelid) ~ '^\([a-z_]+ IS NOT NULL\)$')
            -- indkey counts from 0, conkey from 1.
            and (pg_index.indkey::smallint[])[0:cardinality(pg_constraint.conkey) - 1]
            @> pg_constraint.conkey
    )
