-- Who referred whom. A customer has a code; whoever is new names it once, and after their first
-- completed sale each side is rewarded, once. A reward is taken back with that sale, and no other
-- sale earns it again.

/*
 * Return who referred a customer, as a list of none or one.
 */
create function loyalty.referrers_of(business_id uuid, customer_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select referrals.referrer_id
        from loyalty.referrals
        where
            referrals.business_id = referrers_of.business_id
            and referrals.referred_id = referrers_of.customer_id
    );
end;
$$;

/*
 * Reward the referral of whoever bought, if this is their first completed sale, or take the reward
 * back if nothing of that sale stands. Both accounts are locked.
 */
create function loyalty.reward_referral(entry loyalty.entries, stands boolean)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_referral loyalty.referrals;
begin
    update loyalty.referrals
    set sale_id = entry.sale_id, rewarded_at = private.now()
    where
        referrals.business_id = entry.business_id
        and referrals.referred_id = entry.customer_id
        and referrals.rewarded_at is null
        and reward_referral.stands;
    select referrals.* into v_referral
    from loyalty.referrals
    where
        referrals.business_id = entry.business_id
        and referrals.referred_id = entry.customer_id
        and referrals.sale_id = entry.sale_id;
    if v_referral.id is null then
        return;
    end if;
    perform loyalty.settle_lot(
        loyalty.make_entry(entry.business_id, side.customer_id, 'referral', entry.sale_id),
        'referral',
        case when reward_referral.stands then side.points else 0 end
    )
    from (
        values
        (v_referral.referrer_id, v_referral.referrer_points),
        (v_referral.referred_id, v_referral.referred_points)
    ) as side (customer_id, points);
end;
$$;

/*
 * Return the code by which the caller refers others to a business. The first call draws it, and
 * makes the caller a customer there.
 * Definer: nobody has a write grant on codes and customers; the code is the caller's.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function loyalty.referral_code(business_id uuid)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer_id uuid = loyalty.caller_as_customer(referral_code.business_id);
begin
    -- A code that somebody else of the business has is drawn again.
    while not exists (
        select 1
        from loyalty.referral_codes
        where
            referral_codes.business_id = referral_code.business_id
            and referral_codes.customer_id = v_customer_id
    ) loop
        insert into loyalty.referral_codes (business_id, customer_id, code, created_at)
        values (
            referral_code.business_id, v_customer_id, scheduling.new_reference(), private.now()
        )
        on conflict do nothing;
    end loop;
    return (
        select referral_codes.code
        from loyalty.referral_codes
        where
            referral_codes.business_id = referral_code.business_id
            and referral_codes.customer_id = v_customer_id
    );
end;
$$;

/*
 * Return the caller as a customer of a business that is open and has a program.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function loyalty.caller_as_customer(business_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_profile identity.profiles = scheduling.caller_profile();
begin
    if not business.is_open(caller_as_customer.business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    perform loyalty.require_program(caller_as_customer.business_id);
    perform customers.note_customer(
        caller_as_customer.business_id, v_profile.id, v_profile.full_name, v_profile.email,
        v_profile.phone, null
    );
    return customers.customer_of(caller_as_customer.business_id, v_profile.id, null);
end;
$$;

/*
 * Note that the caller was referred to a business by somebody else's code. Returns the referral;
 * the same code again returns the same one.
 * Definer: as loyalty.referral_code.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 not_referrable
 */
create function loyalty.accept_referral(business_id uuid, code text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer_id uuid = loyalty.caller_as_customer(accept_referral.business_id);
    v_referrer_id uuid = loyalty.customer_by_code(accept_referral.business_id, accept_referral.code);
    v_id uuid;
begin
    perform loyalty.refuse_referral(accept_referral.business_id, v_customer_id, v_referrer_id);
    insert into loyalty.referrals (
        business_id, referrer_id, referred_id, referrer_points, referred_points, created_at
    )
    select
        programs.business_id, v_referrer_id, v_customer_id, programs.referrer_points,
        programs.referred_points, private.now()
    from loyalty.programs
    where programs.business_id = accept_referral.business_id
    on conflict do nothing;
    select referrals.id into v_id
    from loyalty.referrals
    where
        referrals.business_id = accept_referral.business_id
        and referrals.referred_id = v_customer_id
        and referrals.referrer_id = v_referrer_id;
    if v_id is null then
        perform loyalty.refuse_as_not_referrable('Somebody else referred you already.');
    end if;
    return v_id;
end;
$$;

/*
 * Return whose code it is, in any case of letters.
 *
 * Errors:  PT404 not_found
 */
create function loyalty.customer_by_code(business_id uuid, code text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = (
        select referral_codes.customer_id
        from loyalty.referral_codes
        where
            referral_codes.business_id = customer_by_code.business_id
            and referral_codes.code = upper(btrim(customer_by_code.code))
    );
begin
    if v_customer_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such referral code.',
            'Check the code with whoever referred you.'
        );
    end if;
    return v_customer_id;
end;
$$;

/*
 * Refuse a referral of oneself, by account or by contact, of somebody who referred the other one,
 * or of somebody who bought there before.
 *
 * Errors:  PT409 not_referrable
 */
create function loyalty.refuse_referral(business_id uuid, customer_id uuid, referrer_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from customers.customers as referred
        inner join customers.customers as referrer
            on
                referrer.business_id = referred.business_id
                and referrer.id = refuse_referral.referrer_id
        where
            referred.business_id = refuse_referral.business_id
            and referred.id = refuse_referral.customer_id
            and (
                referred.id = referrer.id
                or lower(referred.email) = lower(referrer.email)
                or referred.phone = referrer.phone
            )
    ) then
        perform loyalty.refuse_as_not_referrable('Nobody refers themselves.');
    elsif refuse_referral.customer_id = any(
        loyalty.referrers_of(refuse_referral.business_id, refuse_referral.referrer_id)
    ) then
        perform loyalty.refuse_as_not_referrable('You referred this customer.');
    elsif exists (
        select 1
        from customers.customers
        inner join sales.sales
            on
                sales.business_id = customers.business_id
                and sales.customer_id = customers.user_id
        inner join sales.sale_line_deliveries
            on
                sale_line_deliveries.business_id = sales.business_id
                and sale_line_deliveries.sale_id = sales.id
        where
            customers.business_id = refuse_referral.business_id
            and customers.id = refuse_referral.customer_id
    ) and not refuse_referral.referrer_id = any(
        loyalty.referrers_of(refuse_referral.business_id, refuse_referral.customer_id)
    ) then
        perform loyalty.refuse_as_not_referrable('You are a customer of this business already.');
    end if;
end;
$$;

/*
 * Refuse a referral for a reason.
 *
 * Errors:  PT409 not_referrable
 */
create function loyalty.refuse_as_not_referrable(message text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'not_referrable', refuse_as_not_referrable.message,
        'Leave the referral code out.'
    );
end;
$$;
