-- What the catalog computes for itself. The hours that these tables describe become instants in
-- scheduling.

/*
 * Write a blocked period.
 * Definer: instants are read by public.block_time, so clients get no insert of their own.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.block_time(
    business_id uuid, resource_id uuid, starts_at timestamptz, ends_at timestamptz, reason text
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
    if resource_id is not null and not exists (
        select 1
        from catalog.resources
        where
            resources.id = block_time.resource_id
            and resources.business_id = block_time.business_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.', 'Read resources for those of the business.'
        );
    end if;

    insert into catalog.blocked_periods (business_id, resource_id, during, reason)
    values (
        block_time.business_id,
        block_time.resource_id,
        tstzrange(block_time.starts_at, block_time.ends_at),
        block_time.reason
    )
    returning blocked_periods.id into v_id;
    return v_id;
end;
$$;
