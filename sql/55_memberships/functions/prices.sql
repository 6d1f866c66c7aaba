-- New prices for members who joined before. They are announced at least 30 days before they apply,
-- and a higher one applies only to members who accepted it, unless the business says that its
-- members need not accept it by law. The others keep the price that they agreed to.

/*
 * Announce a new price of a plan to its members.
 * Definer: nobody has a write grant on announcements; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function memberships.announce_price(
    plan_id uuid,
    currency text,
    price_minor bigint,
    effective_at timestamptz,
    needs_consent boolean
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change memberships.price_changes;
    v_business_id uuid = (
        select membership_plans.business_id
        from memberships.membership_plans
        where membership_plans.id = announce_price.plan_id
    );
begin
    perform private.require_member(v_business_id, 'manage');
    if announce_price.effective_at < private.now() + interval '30 days' then
        perform private.invalid('effective_at', 'must be at least 30 days ahead');
    elsif not exists (
        select 1 from pricing.currencies where currencies.code = announce_price.currency
    ) then
        perform private.invalid('currency', 'must be a code of the view currencies');
    end if;
    insert into memberships.price_changes (
        business_id, plan_id, currency, price_minor, effective_at, needs_consent, announced_by,
        announced_at
    )
    values (
        v_business_id, announce_price.plan_id, announce_price.currency,
        announce_price.price_minor, announce_price.effective_at, announce_price.needs_consent,
        auth.uid(), private.now()
    )
    returning price_changes.* into v_change;
    perform memberships.tell_members(v_change);
    return v_change.id;
end;
$$;

/*
 * Tell the members of a plan of a new price.
 */
create function memberships.tell_members(change memberships.price_changes)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit_all(
        array_agg('membership.price_changing'::text),
        array_agg(
            jsonb_build_object(
                'membership_id', memberships.id,
                'business_id', memberships.business_id,
                'price_minor', change.price_minor,
                'effective_at', change.effective_at
            )
        ),
        array_agg(null::timestamptz)
    )
    from memberships.memberships
    where
        memberships.business_id = change.business_id
        and memberships.plan_id = change.plan_id
        and memberships.currency = change.currency
        and memberships.closed_at is null
        and memberships.renews
    having count(*) > 0;
end;
$$;

/*
 * Accept a new price, as the member.
 * Definer: nobody has a write grant on consents; the caller is the member.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function memberships.accept_price(price_change_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_membership_id uuid;
begin
    insert into memberships.price_consents (business_id, price_change_id, membership_id, at)
    select memberships.business_id, price_changes.id, memberships.id, private.now()
    from memberships.price_changes
    inner join memberships.memberships
        on
            memberships.business_id = price_changes.business_id
            and memberships.plan_id = price_changes.plan_id
            and memberships.currency = price_changes.currency
    where
        price_changes.id = accept_price.price_change_id
        and memberships.user_id = v_user_id
        and memberships.closed_at is null
    on conflict on constraint price_consents_pkey do update
        set at = price_consents.at
    returning price_consents.membership_id into v_membership_id;
    if v_membership_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'You have no membership with such a new price.',
            'Check the id in the view membership_price_changes.'
        );
    end if;
    return v_membership_id;
end;
$$;
