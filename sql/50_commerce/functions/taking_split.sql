-- How an order comes from several stores, where a delivery option allows it.

/*
 * Return from which stores some lines can come, each as much as it has, in the order of the stores.
 * Null where all of them together have too little. A bundle comes whole from one store.
 */
create function commerce.split_over_stores(
    business_id uuid, store_ids uuid[], variant_ids uuid[], quantities integer[]
)
returns commerce.stock_part[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_free jsonb;
    v_parts commerce.stock_part[] = '{}';
    v_store_id uuid;
    v_left integer;
    v_count integer;
begin
    select jsonb_object_agg(free.store_id || '/' || free.variant_id, free.quantity) into v_free
    from commerce.free_pieces(
        split_over_stores.business_id, store_ids, commerce.demand_of(variant_ids, quantities)
    ) as free;
    for v_place in 1 .. cardinality(variant_ids) loop
        v_left = quantities[v_place];
        foreach v_store_id in array store_ids loop
            v_count = least(v_left, commerce.fitting(v_free, v_store_id, variant_ids[v_place]));
            continue when v_count = 0;
            v_parts = v_parts || (v_place, v_store_id, v_count)::commerce.stock_part;
            v_free = commerce.less(v_free, v_store_id, variant_ids[v_place], v_count);
            v_left = v_left - v_count;
        end loop;
        if v_left > 0 then
            return null;
        end if;
    end loop;
    return v_parts;
end;
$$;

/*
 * Return how many pieces of a variant, or whole bundles, fit into what is free in a store: `free`
 * has the pieces for each `store/variant`.
 */
create function commerce.fitting(free jsonb, store_id uuid, variant_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            min(
                coalesce((free ->> (fitting.store_id || '/' || taken.variant_id))::integer, 0)
                / taken.quantity
            )
        from catalog.components(fitting.variant_id, 1) as taken
    );
end;
$$;

/*
 * Return what stays free when pieces of a variant, or bundles, are taken from a store.
 */
create function commerce.less(free jsonb, store_id uuid, variant_id uuid, quantity integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return free || (
        select
            jsonb_object_agg(
                less.store_id || '/' || taken.variant_id,
                (free ->> (less.store_id || '/' || taken.variant_id))::integer - taken.quantity
            )
        from catalog.components(less.variant_id, less.quantity) as taken
    );
end;
$$;
