-- What may be recommended, for each reason, before it is asked whether it may be shown.

/*
 * Return the products and services that the caller bought and kept, with how often and when last.
 */
create function search.own_purchases()
returns table (
    business_id uuid, kind search.kind, subject_id uuid, times bigint, last_at timestamptz
)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        bought.business_id, bought.kind, bought.subject_id, count(*), max(bought.at)
    from (
        select
            orders.business_id, 'product'::search.kind as kind, product_variants.product_id as subject_id,
            orders.placed_at as at
        from commerce.orders
        inner join commerce.order_items
            on
                order_items.business_id = orders.business_id
                and order_items.order_id = orders.id
        inner join catalog.product_variants
            on
                product_variants.business_id = order_items.business_id
                and product_variants.id = order_items.variant_id
        where
            orders.customer_id = (select auth.uid())
            and orders.status not in ('pending', 'cancelled', 'expired', 'returned')
            and order_items.quantity
            > order_items.cancelled_quantity + order_items.returned_quantity
        union all
        select
            bookings.business_id, 'service', booking_items.service_id, bookings.starts_at
        from scheduling.bookings
        inner join scheduling.booking_items
            on
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
        where
            bookings.customer_id = (select auth.uid())
            and bookings.status in ('confirmed', 'checked_in', 'completed')
            and booking_items.cancelled_at is null
    ) as bought
    group by bought.business_id, bought.kind, bought.subject_id;
end;
$$;

/*
 * May what the caller bought at a business be used for personal recommendations? If the business
 * asks for consent to `recommendations`, only after a yes; otherwise unless the answer was no.
 */
create function search.may_personalize(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return coalesce(
        (
            select consents.is_given
            from crm.consents
            where
                consents.user_id = (select auth.uid())
                and consents.business_id = may_personalize.business_id
                and consents.purpose = 'recommendations'
            order by consents.at desc
            limit 1
        ),
        not exists (
            select 1
            from crm.consent_purposes
            where
                consent_purposes.business_id = may_personalize.business_id
                and consent_purposes.key = 'recommendations'
        )
    );
end;
$$;

/*
 * Return what is bought together with a product.
 */
create function search.propose_together(subject_id uuid)
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        pairs.business_id, 'product'::search.kind, pairs.other_id, pairs.strength::float8,
        'bought_together'
    from search.entries
    inner join search.pairs
        on pairs.business_id = entries.business_id and pairs.product_id = entries.subject_id
    where entries.subject_id = propose_together.subject_id and entries.kind = 'product'
    order by 4 desc, pairs.other_id;
end;
$$;

/*
 * Return what is like a product or a service: of the same kind and currency, with a category in
 * common or of the same brand, better the more attributes and words of the name agree.
 */
create function search.propose_similar(subject_id uuid)
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    v_like search.entries;
begin
    select entries.* into v_like
    from search.entries
    where entries.subject_id = propose_similar.subject_id;
    return query
    select
        others.business_id,
        others.kind,
        others.subject_id,
        case when others.brand = v_like.brand then 0.2 else 0 end
        + case when others.categories = v_like.categories then 0.3 else 0.1 end
        + 0.3 * ts_rank(others.words, array_to_string(
            tsvector_to_array(search.to_vector(v_like.name)), ' | '
        )::tsquery)
        + 0.2 * (
            select count(*)
            from jsonb_each(v_like.attributes) as own (key, value)
            where others.attributes -> own.key = own.value
        ) / greatest((select count(*) from jsonb_object_keys(v_like.attributes)), 1),
        'similar'
    from search.entries as others
    where
        others.kind = v_like.kind
        and others.subject_id <> v_like.subject_id
        and others.currency = v_like.currency
        and (
            others.categories && v_like.categories
            or others.business_id = v_like.business_id and others.brand = v_like.brand
        )
    order by 4 desc, others.subject_id
    limit 200;
end;
$$;

/*
 * Return what the caller had before, what they had most often first.
 */
create function search.propose_again()
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        own.business_id, own.kind, own.subject_id,
        own.times + extract(epoch from own.last_at)::float8 / 1e11,
        'again'
    from search.own_purchases() as own
    order by 4 desc, own.subject_id
    limit 200;
end;
$$;

/*
 * Return what is bought together with what the caller bought, where they agreed to it.
 */
create function search.propose_personal()
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        pairs.business_id, 'product'::search.kind, pairs.other_id, sum(pairs.strength)::float8,
        'personal'
    from search.own_purchases() as own
    inner join search.pairs
        on pairs.business_id = own.business_id and pairs.product_id = own.subject_id
    where own.kind = 'product' and search.may_personalize(own.business_id)
    group by pairs.business_id, pairs.other_id
    order by 4 desc, pairs.other_id
    limit 200;
end;
$$;

/*
 * Return what is sold most in the window of popular, or of trending.
 */
create function search.propose_popular(is_trending boolean)
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    return query
    select
        popular.business_id,
        popular.kind,
        popular.subject_id,
        case when is_trending then popular.trending_count else popular.unit_count end::float8,
        case when is_trending then 'trending' else 'popular' end
    from search.popular
    where
        popular.kind <> 'business'
        and case when is_trending then popular.trending_count else popular.unit_count end > 0
    order by 4 desc, popular.subject_id
    limit 500;
end;
$$;
