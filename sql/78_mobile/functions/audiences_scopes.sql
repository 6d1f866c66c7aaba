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
