-- One query for each foreign key of the domains that the demo fills: how many rows point at
-- nothing. From the catalog, because a load without triggers is a load without any of them.
select
    foreign_keys.conname as name,
    format(
        'select count(*) from %s as child where %s and not exists (select from %s as parent where %s)',
        foreign_keys.conrelid::regclass,
        string_agg(format('child.%I is not null', child.attname), ' and '),
        foreign_keys.confrelid::regclass,
        string_agg(format('parent.%I = child.%I', parent.attname, child.attname), ' and ')
    ) as query
from pg_constraint as foreign_keys
cross join lateral unnest(foreign_keys.conkey, foreign_keys.confkey) as pairs (child, parent)
inner join pg_attribute as child
    on foreign_keys.conrelid = child.attrelid and pairs.child = child.attnum
inner join pg_attribute as parent
    on foreign_keys.confrelid = parent.attrelid and pairs.parent = parent.attnum
where
    foreign_keys.contype = 'f'
    and foreign_keys.connamespace in (
        'identity'::regnamespace, 'business'::regnamespace, 'catalog'::regnamespace,
        'scheduling'::regnamespace
    )
group by foreign_keys.oid, foreign_keys.conname, foreign_keys.conrelid, foreign_keys.confrelid
order by foreign_keys.conname;
