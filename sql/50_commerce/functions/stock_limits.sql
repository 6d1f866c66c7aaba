-- How far a level may be sold beyond what is there, and what is free of it.

/*
 * Return how many pieces of a level can be sold or moved now: on hand, less what is reserved and
 * what must not be sold; with as many as may be ordered before they come, where these count.
 */
create function commerce.free_quantity(level commerce.stock_levels, has_backorders boolean)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return level.on_hand
    + case when has_backorders then level.backorder_limit else 0 end
    + case
        when has_backorders and level.preorder_until > private.now() then level.preorder_limit
        else 0
    end
    - commerce.reserved_quantity(level)
    - commerce.blocked_quantity(level);
end;
$$;

/*
 * Set how far a level may be oversold, until when, when more is expected, and when it alerts.
 * Definer: nobody has a write grant on levels.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.set_stock_limits(
    store_id uuid,
    variant_id uuid,
    backorder_limit integer,
    alert_threshold integer,
    preorder_limit integer,
    preorder_until timestamptz,
    expected_on date
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'manage');
    v_item constant commerce.stock_item = (variant_id, 0);
begin
    perform commerce.lock_levels(v_business_id, array[store_id], array[v_item]);
    update commerce.stock_levels
    set
        backorder_limit = set_stock_limits.backorder_limit,
        alert_threshold = set_stock_limits.alert_threshold,
        preorder_limit = set_stock_limits.preorder_limit,
        preorder_until = set_stock_limits.preorder_until,
        expected_on = set_stock_limits.expected_on
    where
        stock_levels.business_id = v_business_id
        and stock_levels.store_id = set_stock_limits.store_id
        and stock_levels.variant_id = set_stock_limits.variant_id
        and stock_levels.on_hand
        >= -set_stock_limits.backorder_limit - set_stock_limits.preorder_limit;
    if not found then
        perform private.invalid('backorder_limit', 'must not be less than what is already missing');
    end if;
end;
$$;
