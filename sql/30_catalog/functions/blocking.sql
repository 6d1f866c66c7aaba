-- Functions of the catalog. scheduling turns the hours of these tables into instants.

/*
 * Write a blocked period.
 * Definer: public.block_time reads the instants, so clients have no insert grant.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.block_time(
    business_id uuid,
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    reason text,
    stand_in_id uuid
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'serve');
    if ends_at <= starts_at or ends_at > starts_at + interval '2 years' then
        perform private.invalid('ends_at', 'must be after starts_at and within two years of it');
    end if;
    if exists (
        select 1
        from unnest(array[block_time.resource_id, block_time.stand_in_id]) as wanted (id)
        where
            wanted.id is not null
            and not exists (
                select 1
                from catalog.resources
                where
                    resources.id = wanted.id
                    and resources.business_id = block_time.business_id
            )
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Check the id in the view resources.'
        );
    end if;

    insert into catalog.blocked_periods (business_id, resource_id, during, reason, stand_in_id)
    values (
        block_time.business_id,
        block_time.resource_id,
        tstzrange(block_time.starts_at, block_time.ends_at),
        block_time.reason,
        block_time.stand_in_id
    )
    returning blocked_periods.id into v_id;
    return v_id;
end;
$$;

/*
 * Return why a period is blocked, to members of its business.
 * Definer: everybody may know that somebody is away, and only members may know why, so clients have
 * no grant on the column.
 */
create function catalog.reason_of(blocked_period_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select blocked_periods.reason
        from catalog.blocked_periods
        where
            blocked_periods.id = blocked_period_id
            and (
                blocked_periods.business_id in (select private.my_businesses('view'))
                or private.is_operator()
            )
    );
end;
$$;
