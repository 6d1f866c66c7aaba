-- A policy asks its functions once a statement, in a scalar subselect, not once a row.
select pg_policy.polrelid::regclass::text || '.' || pg_policy.polname as object
from pg_policy
cross join lateral (
    select concat(
        pg_get_expr(pg_policy.polqual, pg_policy.polrelid),
        ' ',
        pg_get_expr(pg_policy.polwithcheck, pg_policy.polrelid)
    ) as condition
) as said
where
    pg_policy.polrelid::regclass::text not like 'storage.%%'
    and regexp_replace(said.condition, 'SELECT [a-z_]+\.[a-z_]+\(', '', 'g') ~ '\m[a-z_]+\.[a-z_]+\('
