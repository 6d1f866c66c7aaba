-- What people are told of memberships and gifts, and who hears of it. Both are registered as
-- subjects in the seed; the texts are those of 70_notifications.

/*
 * Return what templates may say about memberships.
 */
create function memberships.membership_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'membership_id', memberships.id,
            'business_id', memberships.business_id,
            'customer_name', coalesce(customers.name, profiles.full_name, profiles.email, ''),
            'business_name', businesses.name,
            'business_email', businesses.email,
            'plan_name', membership_plans.name,
            'price', scheduling.money_data(memberships.price_minor, memberships.currency),
            'new_price', case
                when messages.payload ? 'price_minor' then scheduling.money_data(
                    (messages.payload ->> 'price_minor')::bigint, memberships.currency
                )
            end,
            'paid_until', memberships.paid_until,
            'due_until', memberships.due_until,
            'at', coalesce(
                messages.payload ->> 'effective_at', messages.payload ->> 'next_attempt_at'
            ),
            'time_zone', memberships.time_zone
        )
    from unnest(membership_data.messages) as messages
    inner join memberships.memberships on memberships.id = messages.subject_id
    inner join memberships.membership_plans
        on
            membership_plans.business_id = memberships.business_id
            and membership_plans.id = memberships.plan_id
    inner join business.businesses on businesses.id = memberships.business_id
    inner join customers.customers
        on
            customers.business_id = memberships.business_id
            and customers.id = memberships.customer_id
    left join identity.profiles on profiles.id = memberships.user_id;
end;
$$;

/*
 * Return who hears of memberships: the member, or the owners and managers of the business.
 */
create function memberships.membership_readers(
    messages private.subject_message[], audience text
)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from unnest(membership_readers.messages) as messages
    inner join memberships.memberships on memberships.id = messages.subject_id
    inner join identity.profiles on profiles.id = memberships.user_id
    where audience = 'customer'
    union all
    select readers.*
    from unnest(membership_readers.messages) as messages
    inner join memberships.memberships on memberships.id = messages.subject_id
    cross join lateral
    business.manager_readers(memberships.business_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;

/*
 * Return what templates may say about gifts. The code is not in it: nothing keeps it.
 */
create function memberships.gift_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'gift_id', gifts.id,
            'business_id', gifts.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'plan_name', membership_plans.name,
            'buyer_name', coalesce(profiles.full_name, profiles.email, ''),
            'message', coalesce(gifts.message, ''),
            'expires_at', gifts.expires_at,
            'time_zone', businesses.time_zone
        )
    from unnest(gift_data.messages) as messages
    inner join memberships.gifts on gifts.id = messages.subject_id
    inner join memberships.membership_plans
        on
            membership_plans.business_id = gifts.business_id
            and membership_plans.id = gifts.plan_id
    inner join business.businesses on businesses.id = gifts.business_id
    left join identity.profiles on profiles.id = gifts.buyer_id;
end;
$$;

/*
 * Return who hears of a gift: the address that it was bought for.
 */
create function memberships.gift_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        gifts.email,
        null::text,
        coalesce(profiles.locale, businesses.locale),
        null::jsonb
    from unnest(gift_readers.messages) as messages
    inner join memberships.gifts on gifts.id = messages.subject_id
    inner join business.businesses on businesses.id = gifts.business_id
    left join identity.profiles on lower(profiles.email) = lower(gifts.email)
    where audience = 'customer' and gifts.email is not null;
end;
$$;
