-- What was sold, counted by a job: how popular each thing is, and which products are bought
-- together. What was cancelled, returned or given back is not counted.

/*
 * Return how popular a number of sales makes something: 0 for none, 1 from a thousand on.
 */
create function search.popularity(unit_count bigint)
returns real
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return least(ln(1 + greatest(unit_count, 0)) / ln(1001), 1)::real;
end;
$$;

/*
 * Return the pieces of products that were sold since an instant and kept: those of orders that
 * hold, without pieces that were cancelled or returned and without lines whose money was refunded.
 */
create function search.kept_pieces(since timestamptz)
returns table (
    business_id uuid, order_id uuid, product_id uuid, at timestamptz, pieces bigint
)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    return query
    select
        order_items.business_id,
        order_items.order_id,
        product_variants.product_id,
        orders.placed_at,
        sum(
            order_items.quantity - order_items.cancelled_quantity - order_items.returned_quantity
        )::bigint
    from commerce.orders
    inner join commerce.order_items
        on
            order_items.business_id = orders.business_id
            and order_items.order_id = orders.id
    inner join catalog.product_variants
        on
            product_variants.business_id = order_items.business_id
            and product_variants.id = order_items.variant_id
    inner join sales.sale_lines
        on
            sale_lines.business_id = order_items.business_id
            and sale_lines.id = order_items.sale_line_id
    where
        orders.placed_at >= since
        and orders.status not in ('pending', 'cancelled', 'expired', 'returned')
        and order_items.quantity
        > order_items.cancelled_quantity + order_items.returned_quantity
        and money.refunded_of(sale_lines.business_id, sale_lines.id)
        < greatest(sale_lines.amount_minor - sale_lines.discount_minor, 1)
    group by
        order_items.business_id, order_items.order_id, product_variants.product_id,
        orders.placed_at;
end;
$$;

/*
 * Count anew what was sold of each product, service and business in the windows of the settings.
 */
create function search.count_popular(popular_since timestamptz, trending_since timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    delete from search.popular;
    insert into search.popular (business_id, kind, subject_id, unit_count, trending_count)
    with sold (business_id, kind, subject_id, at, units) as (
        select pieces.business_id, 'product'::search.kind, pieces.product_id, pieces.at, pieces.pieces
        from search.kept_pieces(popular_since) as pieces
        union all
        select
            bookings.business_id, 'service'::search.kind, booking_items.service_id,
            bookings.created_at, 1
        from scheduling.bookings
        inner join scheduling.booking_items
            on
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
        where
            bookings.created_at >= popular_since
            and bookings.status in ('confirmed', 'checked_in', 'completed')
            and booking_items.cancelled_at is null
    )

    select
        sold.business_id,
        coalesce(sold.kind, 'business'),
        coalesce(sold.subject_id, sold.business_id),
        sum(sold.units),
        coalesce(sum(sold.units) filter (where sold.at >= trending_since), 0)
    from sold
    group by grouping sets ((sold.business_id, sold.kind, sold.subject_id), (sold.business_id));
end;
$$;

/*
 * Count anew which products are bought together: of each, the fifty that go with it best. Orders
 * of more than fifty products say little and are left out.
 */
create function search.count_pairs(since timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    delete from search.pairs;
    insert into search.pairs (business_id, product_id, other_id, order_count, strength)
    with bought as materialized (
        select
            pieces.business_id,
            pieces.order_id,
            pieces.product_id,
            count(*) over (partition by pieces.order_id) as size
        from search.kept_pieces(since) as pieces
    ),

    single as materialized (
        select bought.product_id, count(*) as order_count from bought group by bought.product_id
    ),

    pairs as (
        select one.business_id, one.product_id, other.product_id as other_id, count(*) as order_count
        from bought as one
        inner join bought as other
            on other.order_id = one.order_id and other.product_id <> one.product_id
        where one.size <= 50
        group by one.business_id, one.product_id, other.product_id
    ),

    rated as (
        select
            pairs.*,
            -- Cosine, lowered by two imagined orders that had only one of them.
            pairs.order_count / sqrt(
                (one.order_count + 2) * (other.order_count + 2)::double precision
            ) as strength
        from pairs
        inner join single as one on one.product_id = pairs.product_id
        inner join single as other on other.product_id = pairs.other_id
    )

    select business_id, product_id, other_id, order_count, strength
    from (
        select
            rated.*,
            row_number() over (
                partition by rated.product_id order by rated.strength desc, rated.other_id
            ) as place
        from rated
    ) as placed
    where placed.place <= 50;
end;
$$;

/*
 * Count anew what is popular, what is trending and what is bought together. Two jobs wait for each
 * other; whoever reads meanwhile reads the count before.
 *
 * Definer: called by the worker, which has no access to orders.
 */
create function search.count_sales()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_settings search.settings;
begin
    perform pg_advisory_xact_lock(hashtextextended('search.count_sales', 0));
    select settings.* into strict v_settings from search.settings;
    perform search.count_popular(
        private.now() - make_interval(days => v_settings.popular_days),
        private.now() - make_interval(days => v_settings.trending_days)
    );
    perform search.count_pairs(private.now() - make_interval(days => v_settings.popular_days));
    update search.entries
    set popularity = counted.popularity
    from (
        select
            present.business_id,
            present.kind,
            present.subject_id,
            search.popularity(coalesce(popular.unit_count, 0)) as popularity
        from search.entries as present
        left join search.popular using (business_id, kind, subject_id)
        where present.popularity > 0 or popular.unit_count > 0
    ) as counted
    where
        entries.business_id = counted.business_id
        and entries.kind = counted.kind
        and entries.subject_id = counted.subject_id
        and entries.popularity <> counted.popularity;
end;
$$;
