-- Which ways goods can reach their buyer, and what each costs.

/*
 * Return the delivery options of a business that can take a parcel, in the order of the business.
 * Without an address every place is possible; without a weight or an amount every one is.
 */
create function commerce.options_for(parcel commerce.parcel)
returns setof commerce.delivery_options
language plpgsql
stable
security invoker
rows 5
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select delivery_options.*
    from commerce.delivery_options
    where
        delivery_options.business_id = parcel.business_id
        and delivery_options.is_active
        and delivery_options.currency = parcel.currency
        and (
            delivery_options.kind = 'pickup'
            or parcel.region is null
            or delivery_options.regions = '{}'
            or exists (
                select 1
                from unnest(delivery_options.regions) as area
                where pricing.is_within(parcel.region, area)
            )
        )
        and (
            delivery_options.kind = 'pickup'
            or num_nulls(parcel.region, parcel.postal_code) > 0
            or delivery_options.postal_prefixes = '{}'
            or exists (
                select 1
                from unnest(delivery_options.postal_prefixes) as prefix
                where starts_with(upper(parcel.postal_code), prefix)
            )
        )
        and coalesce(parcel.weight_grams >= delivery_options.min_weight_grams, true)
        and coalesce(parcel.weight_grams <= delivery_options.max_weight_grams, true)
        and coalesce(parcel.amount_minor >= delivery_options.min_amount_minor, true)
        and coalesce(parcel.amount_minor <= delivery_options.max_amount_minor, true)
    order by delivery_options.position, delivery_options.price_minor, delivery_options.id;
end;
$$;

/*
 * Return what an option costs for goods of an amount.
 */
create function commerce.delivery_price(
    delivery_option commerce.delivery_options, amount_minor bigint
)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when coalesce(amount_minor >= delivery_option.free_from_minor, false) then 0
        else delivery_option.price_minor
    end;
end;
$$;

/*
 * Return how a parcel reaches its buyer: by the option that they chose, or picked up at a store of
 * a business without options. A pickup names its store, unless there is only one.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT422 delivery_unavailable
 */
create function commerce.choose_delivery(
    parcel commerce.parcel, option_id uuid, store_id uuid
)
returns commerce.delivery_choice
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_choice commerce.delivery_choice;
    v_option commerce.delivery_options;
begin
    v_choice.business_id = parcel.business_id;
    v_choice.kind = 'pickup';
    v_choice.can_split = false;
    if option_id is not null or exists (
        select 1
        from commerce.delivery_options
        where
            delivery_options.business_id = parcel.business_id and delivery_options.is_active
    ) then
        v_option = commerce.require_option(parcel, option_id, choose_delivery.store_id);
        v_choice.option_id = v_option.id;
        v_choice.kind = v_option.kind;
        v_choice.can_split = v_option.can_split;
        v_choice.name = v_option.name;
        v_choice.price_minor = commerce.delivery_price(v_option, parcel.amount_minor);
        v_choice.tax_class = v_option.tax_class;
    end if;
    v_choice.store_id = case
        when v_option.store_id is not null then v_option.store_id
        when v_choice.kind = 'pickup'
            then commerce.pickup_store(parcel.business_id, choose_delivery.store_id)
    end;
    return v_choice;
end;
$$;

/*
 * Return the option that a buyer chose. Without one, it is the first pickup at the store that they
 * named.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT422 delivery_unavailable
 */
create function commerce.require_option(
    parcel commerce.parcel, option_id uuid, store_id uuid
)
returns commerce.delivery_options
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_option commerce.delivery_options;
begin
    if option_id is null and require_option.store_id is null then
        perform private.invalid('delivery_option_id', 'is required');
    end if;
    select possible.* into v_option
    from commerce.options_for(parcel) as possible
    where
        coalesce(possible.id = option_id, possible.kind = 'pickup')
        and (
            possible.kind = 'delivery'
            or coalesce(possible.store_id = require_option.store_id, true)
        )
    limit 1;
    if found then
        return v_option;
    elsif option_id is not null and not exists (
        select 1
        from commerce.delivery_options
        where
            delivery_options.business_id = parcel.business_id
            and delivery_options.id = option_id
            and delivery_options.is_active
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such delivery option.',
            'Check the id in the view delivery_options.'
        );
    end if;
    perform private.refuse(
        'PT422', 'delivery_unavailable',
        'These goods cannot be delivered this way to this place.',
        'Choose another option with eligible_delivery_options.'
    );
end;
$$;

/*
 * Return the store where goods are picked up: the one that the buyer named, or the only one.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function commerce.pickup_store(business_id uuid, store_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_store_ids uuid[] = array(
        select stores.id
        from business.stores
        where
            stores.business_id = pickup_store.business_id
            and stores.is_active
            and stores.is_pickup
            and coalesce(stores.id = pickup_store.store_id, true)
        limit 2
    );
begin
    if cardinality(v_store_ids) = 1 then
        return v_store_ids[1];
    elsif pickup_store.store_id is null then
        perform private.invalid('store_id', 'is required');
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'This business has no such store.',
        'Check the id in the view stores.'
    );
end;
$$;
